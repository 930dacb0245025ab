// The hand: a click takes the object under it, a drag moves the picture.

const CLICK_PX = 4;

export class SelectTool {
  constructor(app) {
    this.app = app;
    this.name = "select";
    this.cursor = "default";
  }

  down(event, at) {
    this.from = at;
    this.last = at;
    this.isDrag = false;
  }

  move(event, at) {
    if (!this.from) return;
    if (Math.hypot(at[0] - this.from[0], at[1] - this.from[1]) > CLICK_PX) this.isDrag = true;
    if (this.isDrag) this.app.view.pan(at[0] - this.last[0], at[1] - this.last[1]);
    this.last = at;
  }

  up(event, at) {
    if (this.from && !this.isDrag) this.click(at);
    this.from = null;
  }

  /** The smallest object first; the next one below with each further click. */
  click(at) {
    const { view, review } = this.app;
    const [x, y] = view.toPicture(at);
    const context = view.context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    const hit = review.objects
      .filter((one) => review.isVisible(one) && context.isPointInPath(one.path, x, y, "evenodd"))
      .sort((a, b) => a.area - b.area);
    const place = hit.findIndex((one) => one.uid === review.selectedUid);
    review.select(hit.length ? hit[(place + 1) % hit.length].uid : null);
  }
}
