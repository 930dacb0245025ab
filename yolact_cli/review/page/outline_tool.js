// A new object by the points of its outline.

import { crossOf, moveCross } from "./brush_tool.js";
import { EditMask } from "./edit_mask.js";
import { fillRings } from "./outline.js";

const CLOSE_PX = 10;

export class OutlineTool {
  constructor(app) {
    this.app = app;
    this.name = "outline";
    this.cursor = "crosshair";
    this.points = [];
    this.cross = null;
  }

  enter({ category }) {
    this.category = category;
    this.points = [];
    this.app.messages.say("Click points around the object; Enter closes the outline.");
    return true;
  }

  leave() {
    this.points = [];
    this.cross = null;
  }

  down(event, at) {
    if (event.button !== 0) {
      this.close();
      return;
    }
    const first = this.points.length > 2 && this.app.view.toCanvas(this.points[0]);
    if (first && Math.hypot(first[0] - at[0], first[1] - at[1]) < CLOSE_PX) this.close();
    else this.put(this.app.view.toPicture(at));
  }

  move(event, at) {
    this.cross = this.app.view.toPicture(at);
    this.app.view.ask();
  }

  up() {}

  put([x, y]) {
    const [height, width] = this.app.review.current.data.size;
    this.points.push([Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))]);
    this.app.view.ask();
  }

  key(event) {
    if (event.key === " ") this.put(crossOf(this));
    else if (event.key === "Enter") this.close();
    else if (event.key === "Backspace") this.points.pop();
    else return moveCross(this, event, () => {});
    this.app.view.ask();
    return true;
  }

  close() {
    const edit = new EditMask(this.app.review.current.data.size);
    edit.pixels = fillRings([this.points.flat()], edit.width, edit.height);
    const measured = this.points.length > 2 ? edit.measured() : null;
    if (!measured) {
      this.app.messages.say("An outline needs three points around some pixels.");
      return;
    }
    this.points = [];
    this.app.review.add(this.category, measured);
    this.app.use("select");
  }

  draw(context, view) {
    view.onCanvas(context);
    const shown = [...this.points, ...(this.cross ? [this.cross] : [])].map((one) => view.toCanvas(one));
    for (const [width, colour] of [[4, "#000"], [2, "#ffd400"]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      shown.forEach(([x, y], n) => (n ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.stroke();
      for (const [x, y] of shown) {
        context.beginPath();
        context.arc(x, y, 4, 0, 2 * Math.PI);
        context.stroke();
      }
    }
  }
}
