// Brush and eraser: by the pointer, or by a cross that arrow keys move.

import { EditMask } from "./edit_mask.js";
import { traceRings } from "./outline.js";
import { pathOf, shifted } from "./shapes.js";

const SMALLEST = 0.5;
const LARGEST = 400;
const RETRACE_PX = 3e6; // larger masks are shown anew when the stroke ends

export class BrushTool {
  constructor(app, { name, value }) {
    this.app = app;
    this.name = name;
    this.value = value;
    this.cursor = "none";
    this.category = null; // of an object that is to be added
    this.edit = null;
    this.stroke = null;
    this.cross = null;
  }

  get radius() {
    return this.app.brushRadius;
  }

  /** Begin on the object that is selected, or with a category, on a new one. */
  enter({ category = null } = {}) {
    this.category = category;
    this.edit = null;
    if (category || this.app.review.selected) return true;
    this.app.messages.say("Select an object first (↓), or add one (N).");
    return false;
  }

  leave() {
    this.finish();
    this.cross = null;
  }

  down(event, at) {
    this.begin(this.app.view.toPicture(at), event.button === 2 || event.altKey);
  }

  move(event, at) {
    this.cross = this.app.view.toPicture(at);
    if (this.stroke) this.extend(this.cross);
    this.app.view.ask();
  }

  up() {
    this.finish();
  }

  begin(point, isOpposite) {
    const { data } = this.app.review.current;
    const one = this.category ? null : this.app.review.selected;
    if (!one && !this.category) return;
    this.edit = new EditMask(data.size, one?.counts ?? null);
    this.stroke = { last: point, value: isOpposite ? 1 - this.value : this.value, one };
    this.extend(point);
  }

  extend(point) {
    this.edit.paint(this.stroke.last, point, this.radius, this.stroke.value);
    this.stroke.last = point;
    this.shown = null;
    this.app.view.ask();
  }

  /** The stroke has ended: it is an act. */
  finish() {
    if (!this.stroke) return;
    const measured = this.edit.measured();
    const { one } = this.stroke;
    this.stroke = null;
    if (one) this.app.review.remask(one, measured);
    else if (measured) {
      this.app.review.add(this.category, measured);
      this.category = null; // what follows goes on with the new object
    }
    this.app.view.ask();
  }

  resize(factor) {
    const radius = Math.min(LARGEST, Math.max(SMALLEST, this.radius * factor));
    this.app.brushRadius = radius;
    this.app.messages.say(`Brush of ${(2 * radius).toFixed(0)} px.`);
    this.app.view.ask();
  }

  key(event) {
    const factor = { "[": 0.8, "]": 1.25 }[event.key];
    if (factor) this.resize(factor);
    else if (event.key === " ") this.toggleStroke();
    else return moveCross(this, event, (point) => this.stroke && this.extend(point));
    return true;
  }

  /** The space bar puts the brush down, and takes it up again. */
  toggleStroke() {
    if (this.stroke) this.finish();
    else this.begin(crossOf(this), false);
  }

  /** The path of the object while it is being painted, instead of its own. */
  pathFor(one) {
    if (!this.stroke || this.stroke.one !== one) return null;
    return this.livePath();
  }

  livePath() {
    if (!this.shown) {
      const crop = this.edit.crop();
      if (!crop) return new Path2D();
      const [left, top, width, height] = crop.box;
      if (width * height > RETRACE_PX) return null;
      this.shown = pathOf(shifted(traceRings(crop.pixels, width, height), left, top));
    }
    return this.shown;
  }

  draw(context, view) {
    if (this.stroke && !this.stroke.one) {
      view.inPicture(context);
      context.fillStyle = "rgba(255, 255, 255, 0.45)";
      context.fill(this.livePath() ?? new Path2D(), "evenodd");
    }
    if (!this.cross) return;
    view.onCanvas(context);
    const [x, y] = view.toCanvas(this.cross);
    for (const [width, colour] of [[3, "#000"], [1.4, this.value ? "#fff" : "#ff9a8a"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, Math.max(2, this.radius * view.scale), 0, 2 * Math.PI);
      context.moveTo(x - 4, y);
      context.lineTo(x + 4, y);
      if (this.value) {
        context.moveTo(x, y - 4);
        context.lineTo(x, y + 4);
      }
      context.stroke();
    }
  }
}

/** Where a tool's cross is; the middle of the object or of the picture to begin with. */
export function crossOf(tool) {
  const { review } = tool.app;
  const [height, width] = review.current.data.size;
  const [left, top, boxWidth, boxHeight] = review.selected?.bbox ?? [0, 0, width, height];
  tool.cross ??= [left + boxWidth / 2, top + boxHeight / 2];
  return tool.cross;
}

/** Arrow keys move a tool's cross, Shift by single px; whether it was such a key. */
export function moveCross(tool, event, moved) {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const way = ways[event.key];
  if (!way || event.ctrlKey || event.metaKey) return false;
  const step = event.shiftKey ? 1 : Math.max(1, Math.round(8 / tool.app.view.scale));
  const [height, width] = tool.app.review.current.data.size;
  const [x, y] = crossOf(tool);
  tool.cross = [
    Math.min(width, Math.max(0, x + way[0] * step)),
    Math.min(height, Math.max(0, y + way[1] * step)),
  ];
  tool.app.view.reveal([tool.cross[0] - 1, tool.cross[1] - 1, 2, 2]);
  moved(tool.cross);
  tool.app.view.ask();
  return true;
}
