// An object's outline by its points: drag one, put one in, take one out.

import { EditMask } from "./edit_mask.js";
import { editableRings, pointCount, remould, traceRings } from "./outline.js";
import { decodeCrop } from "./rle.js";
import { pathOf } from "./shapes.js";

const GRIP_PX = 9;
const MOST_POINTS = 60;

export class PolygonTool {
  constructor(app) {
    this.app = app;
    this.name = "polygon";
    this.cursor = "default";
    this.detail = 1;
    this.of = null;
  }

  enter() {
    if (!this.app.review.selected) {
      this.app.messages.say("Select an object first (↓), or add one (Shift+N).");
      return false;
    }
    this.of = null;
    return this.follow();
  }

  leave() {
    this.finish();
    this.of = null;
  }

  /** Take the selected object's outline, unless it is the one we have. */
  follow() {
    const one = this.app.review.selected;
    if (!one) return false;
    if (this.of?.uid === one.uid && this.of.counts === one.counts) return true;
    const [height, width] = this.app.review.current.data.size;
    this.mask = decodeCrop(one.counts, [height, width], [0, 0, width, height]);
    const traced = traceRings(this.mask, width, height);
    const { rings, tolerance } = editableRings(traced, MOST_POINTS * this.detail);
    this.rings = rings;
    this.tolerance = tolerance;
    this.of = { uid: one.uid, counts: one.counts };
    this.active = null;
    this.before = null;
    return true;
  }

  /** The point under a place of the canvas: { ring, n }, or null. */
  pointAt(at) {
    let [best, found] = [GRIP_PX, null];
    this.rings.forEach((ring, place) => {
      for (let n = 0; n < ring.length; n += 2) {
        const [x, y] = this.app.view.toCanvas([ring[n], ring[n + 1]]);
        const distance = Math.hypot(x - at[0], y - at[1]);
        if (distance < best) [best, found] = [distance, { ring: place, n }];
      }
    });
    return found;
  }

  /** The edge under a place of the canvas, as the point it begins with, or null. */
  edgeAt(at) {
    let [best, found] = [GRIP_PX, null];
    this.rings.forEach((ring, place) => {
      for (let n = 0; n < ring.length; n += 2) {
        const next = (n + 2) % ring.length;
        const from = this.app.view.toCanvas([ring[n], ring[n + 1]]);
        const to = this.app.view.toCanvas([ring[next], ring[next + 1]]);
        const distance = distanceToSegment(at, from, to);
        if (distance < best) [best, found] = [distance, { ring: place, n }];
      }
    });
    return found;
  }

  down(event, at) {
    if (!this.follow()) return;
    let point = this.pointAt(at);
    if (point && (event.altKey || event.button === 2)) {
      this.active = point;
      this.remove();
      return;
    }
    this.begin();
    if (!point) {
      const edge = this.edgeAt(at);
      if (edge) point = this.insert(edge, this.app.view.toPicture(at));
    }
    this.active = point;
    this.isDragged = Boolean(point);
    if (!point) this.pan = at;
    this.app.view.ask();
  }

  move(event, at) {
    if (this.isDragged) {
      this.place(this.app.view.toPicture(at));
    } else if (this.pan) {
      this.app.view.pan(at[0] - this.pan[0], at[1] - this.pan[1]);
      this.pan = at;
    }
  }

  up() {
    this.isDragged = false;
    this.pan = null;
    this.finish();
  }

  begin() {
    this.before ??= this.rings.map((ring) => ring.slice());
  }

  place([x, y]) {
    const [height, width] = this.app.review.current.data.size;
    const ring = this.rings[this.active.ring];
    ring[this.active.n] = Math.min(width, Math.max(0, x));
    ring[this.active.n + 1] = Math.min(height, Math.max(0, y));
    this.app.view.ask();
  }

  insert(edge, [x, y]) {
    this.rings[edge.ring].splice(edge.n + 2, 0, x, y);
    return { ring: edge.ring, n: edge.n + 2 };
  }

  remove() {
    const ring = this.rings[this.active.ring];
    this.begin();
    if (ring.length > 6) ring.splice(this.active.n, 2);
    else if (this.rings.length > 1) this.rings.splice(this.active.ring, 1);
    this.active = null;
    this.finish();
  }

  /** What was changed is an act; the points stay where they are. */
  finish() {
    const before = this.before;
    this.before = null;
    const one = this.app.review.selected;
    if (!before || !one || String(before) === String(this.rings)) return;
    const [height, width] = this.app.review.current.data.size;
    const edit = new EditMask([height, width]);
    const margin = this.tolerance;
    edit.pixels = remould(this.mask, before, this.rings, { width, height, margin });
    const measured = edit.measured();
    this.mask = edit.pixels;
    this.of = { uid: one.uid, counts: measured?.counts };
    this.app.review.remask(one, measured);
  }

  key(event) {
    if (!this.follow()) return false;
    const step = { ",": -1, ".": 1 }[event.key];
    if (step) this.walk(step);
    else if (event.key === "Insert" || event.key === "+") this.split();
    else if ((event.key === "Delete" || event.key === "Backspace") && this.active) this.remove();
    else if (event.key === "[" || event.key === "]") this.coarsen(event.key === "]" ? 2 : 0.5);
    else return this.nudge(event);
    return true;
  }

  /** From point to point. */
  walk(step) {
    this.finish();
    const places = this.rings.flatMap((ring, place) =>
      Array.from({ length: ring.length / 2 }, (_, n) => ({ ring: place, n: 2 * n })),
    );
    const at = places.findIndex(({ ring, n }) => ring === this.active?.ring && n === this.active?.n);
    this.active = places[(at + step + places.length) % places.length];
    const ring = this.rings[this.active.ring];
    this.app.view.reveal([ring[this.active.n] - 1, ring[this.active.n + 1] - 1, 2, 2]);
    this.app.messages.say(`Point ${places.indexOf(this.active) + 1} of ${places.length}`);
    this.app.view.ask();
  }

  /** A new point in the middle of the edge behind the active one. */
  split() {
    if (!this.active) return;
    const ring = this.rings[this.active.ring];
    const next = (this.active.n + 2) % ring.length;
    this.begin();
    const middle = [(ring[this.active.n] + ring[next]) / 2, (ring[this.active.n + 1] + ring[next + 1]) / 2];
    this.active = this.insert(this.active, middle);
    this.app.view.ask();
  }

  nudge(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const way = ways[event.key];
    if (!way || !this.active || event.ctrlKey || event.metaKey) return false;
    const step = event.shiftKey ? 10 : 1;
    const ring = this.rings[this.active.ring];
    this.begin();
    this.place([ring[this.active.n] + way[0] * step, ring[this.active.n + 1] + way[1] * step]);
    return true;
  }

  keyUp(event) {
    if (event.key.startsWith("Arrow")) this.finish();
  }

  coarsen(factor) {
    this.finish();
    this.detail = Math.min(16, Math.max(1 / 8, this.detail * factor));
    this.of = null;
    this.follow();
    this.app.messages.say(`${pointCount(this.rings)} points.`);
    this.app.view.ask();
  }

  pathFor(one) {
    return this.before && this.of?.uid === one.uid ? pathOf(this.rings) : null;
  }

  draw(context, view) {
    if (!this.follow()) return;
    view.onCanvas(context);
    this.rings.forEach((ring, place) => {
      for (let n = 0; n < ring.length; n += 2) {
        const isActive = this.active?.ring === place && this.active.n === n;
        const [x, y] = view.toCanvas([ring[n], ring[n + 1]]);
        context.beginPath();
        context.arc(x, y, isActive ? 6 : 4, 0, 2 * Math.PI);
        context.fillStyle = isActive ? "#ffd400" : "#fff";
        context.strokeStyle = "#000";
        context.lineWidth = 1.5;
        context.fill();
        context.stroke();
      }
    });
  }
}

function distanceToSegment([px, py], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const length2 = dx * dx + dy * dy;
  const t = length2 ? Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / length2)) : 0;
  return Math.hypot(px - ax - t * dx, py - ay - t * dy);
}
