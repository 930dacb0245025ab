// The canvas: where the picture lies on it, and how points of one are points of the other.

const MOST_SCALE = 40;
const PAN_STEP = 60;

export class View {
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.draw = draw;
    this.size = [1, 1]; // width and height of the picture, in its own px
    this.scale = 1; // CSS px a picture px
    this.offset = [0, 0]; // of the picture's corner, in CSS px
    this.videoId = 0;
    this.isFitted = true;
    this.isAsked = false;
    this.box = [canvas.clientWidth, canvas.clientHeight]; // in CSS px; asking lays the page out
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  get ratio() {
    return window.devicePixelRatio || 1;
  }

  resize() {
    this.box = [this.canvas.clientWidth, this.canvas.clientHeight];
    const [width, height] = this.box;
    this.canvas.width = Math.max(1, Math.round(width * this.ratio));
    this.canvas.height = Math.max(1, Math.round(height * this.ratio));
    if (this.isFitted) this.fit();
    this.drawNow();
  }

  /** Show another picture: the whole of it, or where the last one of the same video was looked at. */
  show(size, videoId) {
    const isSame = videoId > 0 && videoId === this.videoId;
    this.size = size;
    this.videoId = videoId;
    if (!isSame || this.isFitted) this.fit();
  }

  fit() {
    const [width, height] = this.box;
    const margin = 16;
    const scale = Math.min(
      (width - 2 * margin) / this.size[0],
      (height - 2 * margin) / this.size[1],
      8,
    );
    this.scale = Math.max(scale, 0.001);
    this.offset = [
      (width - this.size[0] * this.scale) / 2,
      (height - this.size[1] * this.scale) / 2,
    ];
    this.isFitted = true;
    this.ask();
  }

  /** One picture px to one px of the screen, about the middle. */
  actualSize() {
    this.zoom(1 / this.ratio / this.scale);
  }

  zoom(factor, at = this.box.map((side) => side / 2)) {
    const scale = Math.min(MOST_SCALE, Math.max(0.02, this.scale * factor));
    const kept = scale / this.scale;
    this.offset = this.offset.map((offset, axis) => at[axis] - (at[axis] - offset) * kept);
    this.scale = scale;
    this.isFitted = false;
    this.keepInSight();
    this.ask();
  }

  pan(dx, dy) {
    this.offset = [this.offset[0] + dx, this.offset[1] + dy];
    this.isFitted = false;
    this.keepInSight();
    this.ask();
  }

  panBy(right, down) {
    this.pan(-right * PAN_STEP, -down * PAN_STEP);
  }

  /** Some of the picture always stays on the canvas. */
  keepInSight() {
    this.offset = this.offset.map((offset, axis) => {
      const shown = this.size[axis] * this.scale;
      const least = Math.min(80, shown / 2);
      return Math.min(this.box[axis] - least, Math.max(least - shown, offset));
    });
  }

  /** Bring a box of the picture into sight. */
  reveal([left, top, width, height]) {
    const [ax, ay] = this.toCanvas([left, top]);
    const [bx, by] = this.toCanvas([left + width, top + height]);
    const [boxWidth, boxHeight] = this.box;
    if (bx > 0 && by > 0 && ax < boxWidth && ay < boxHeight) return;
    this.pan(boxWidth / 2 - (ax + bx) / 2, boxHeight / 2 - (ay + by) / 2);
  }

  toCanvas([x, y]) {
    return [x * this.scale + this.offset[0], y * this.scale + this.offset[1]];
  }

  toPicture([x, y]) {
    return [(x - this.offset[0]) / this.scale, (y - this.offset[1]) / this.scale];
  }

  /** Where on the canvas an event is, in CSS px. */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  /** Let drawing be done in px of the picture. */
  inPicture(context) {
    const ratio = this.ratio;
    const scale = this.scale * ratio;
    context.setTransform(scale, 0, 0, scale, this.offset[0] * ratio, this.offset[1] * ratio);
  }

  /** Let drawing be done in CSS px of the canvas. */
  onCanvas(context) {
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
  }

  /** Draw with the next frame of the screen. */
  ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.isAsked = false;
    this.draw(this);
  }
}
