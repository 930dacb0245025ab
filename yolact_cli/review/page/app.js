// Keys, tools, buttons and the canvas, around one review.

import { BrushTool } from "./brush_tool.js";
import { Filters } from "./filters.js";
import { helpContent, keyTable, listenToKeys } from "./keys.js";
import { OutlineTool } from "./outline_tool.js";
import { paintLabel, paintObject, paintPicture } from "./paint.js";
import { Panel, STATE_WORDS } from "./panel.js";
import { Picker } from "./picker.js";
import { PolygonTool } from "./polygon_tool.js";
import { SelectTool } from "./select_tool.js";
import { postJson } from "./server.js";
import { Strip } from "./strip.js";
import { toggleTheme } from "./theme.js";
import { View } from "./view.js";

const byId = (id) => document.getElementById(id);
const QUICK_CLASSES = 9;

export class App {
  constructor(review, messages) {
    this.review = review;
    this.messages = messages;
    this.brushRadius = 8;
    this.hasMasks = true;
    this.hasLabels = true;
    this.usedCategories = [];
    this.picker = new Picker(byId("picker"));
    this.panel = new Panel(this);
    this.strip = new Strip(byId("strip"), { open: (id) => review.open(id) });
    this.filters = new Filters(this);
    this.tools = {
      select: new SelectTool(this),
      brush: new BrushTool(this, { name: "brush", value: 1 }),
      eraser: new BrushTool(this, { name: "eraser", value: 0 }),
      polygon: new PolygonTool(this),
      outline: new OutlineTool(this),
    };
    this.tool = this.tools.select;
    this.view = new View(byId("canvas"), () => this.draw());
    this.listen();
  }

  async start() {
    const { review } = this;
    document.title = `${review.title} – review`;
    byId("title").textContent = review.title;
    const slider = byId("score");
    slider.min = Math.floor(review.leastScore * 100) / 100; // nothing of the model's lies below
    this.setScore(Number(slider.min));
    this.filters.fill();
    this.renderQueue();
    const kept = review.outbox.restore();
    if (kept) this.messages.say(`${kept} changes of an earlier page are sent now.`);
    const first = review.queue.list.find((row) => !row.isReviewed) ?? review.queue.list[0];
    if (first) await review.open(first.id);
    else this.messages.hold("This run has no labelled pictures.");
    byId("canvas").focus();
  }

  listen() {
    const { review } = this;
    review.addEventListener("shown", () => this.shown());
    review.addEventListener("changed", () => this.refresh());
    review.addEventListener("queue", () => this.renderQueue());
    document.body.dataset.pending = 0;
    review.addEventListener("pending", ({ detail }) => {
      document.body.dataset.pending = detail.size;
    });
    const table = keyTable(this);
    byId("help-keys").append(...helpContent(table));
    listenToKeys(this, table);
    this.listenToPointer(byId("canvas"));
    for (const button of document.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => this.use(button.dataset.tool));
    }
    const clicks = {
      previous: () => review.go(-1), next: () => review.go(1), undo: () => review.undo(),
      redo: () => review.redo(), help: () => this.help(), theme: () => this.toggleTheme(),
      apply: () => this.apply(), "add-brush": () => this.add("brush"),
      "add-outline": () => this.add("outline"), masks: () => this.toggle("hasMasks"),
      fit: () => this.view.fit(), "help-close": () => byId("help-dialog").close(),
      accept: () => this.onSelected((one) => review.accept(one)),
      reject: () => this.onSelected((one) => review.reject(one)),
      relabel: () => this.onSelected((one) => this.relabel(one)),
    };
    for (const [id, take] of Object.entries(clicks)) byId(id).addEventListener("click", take);
    byId("done").addEventListener("click", () => {
      if (review.current?.data.is_reviewed) this.reopen();
      else this.done();
    });
    byId("score").addEventListener("input", (event) => this.setScore(Number(event.target.value)));
    // Arrow keys are the pictures' again once the slider was dragged.
    byId("score").addEventListener("pointerup", () => byId("canvas").focus());
    window.addEventListener("beforeunload", (event) => {
      if (review.outbox.size) event.preventDefault();
    });
  }

  listenToPointer(canvas) {
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.review.current) return;
      canvas.setPointerCapture(event.pointerId);
      canvas.focus();
      this.isPanning = event.button === 1;
      this.last = this.view.place(event);
      if (!this.isPanning) this.tool.down(event, this.last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!this.review.current) return;
      const at = this.view.place(event);
      if (this.isPanning) this.view.pan(at[0] - this.last[0], at[1] - this.last[1]);
      else this.tool.move(event, at);
      this.last = at;
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!this.isPanning && this.review.current) this.tool.up(event, this.view.place(event));
      this.isPanning = false;
    });
    canvas.addEventListener("pointercancel", () => this.tool.up(null, this.last));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.view.zoom(Math.exp(-event.deltaY / 400), this.view.place(event));
    }, { passive: false });
  }

  // -- what is shown ---------------------------------------------------------------------------

  shown() {
    const { data, problem } = this.review.current;
    if (problem) this.messages.warn(problem);
    const keepsTool = data.objects.some((one) => one.uid === this.review.selectedUid);
    if (this.tool !== this.tools.select && !keepsTool) this.use("select");
    const isOther = byId("canvas").dataset.shown !== String(data.id);
    if (isOther) this.view.show([data.size[1], data.size[0]], data.video_id);
    this.view.drawNow();
    const canvas = byId("canvas");
    canvas.dataset.shown = data.id;
    const count = data.objects.filter((one) => this.review.isVisible(one)).length;
    const told = `${data.name}, ${count} objects${data.is_reviewed ? ", done" : ""}`;
    canvas.setAttribute("aria-label", told);
    this.messages.whisper(told);
    this.strip.mark(this.review.queue.placeOf(data.id), data.id);
    this.refresh();
  }

  refresh() {
    this.panel.render();
    byId("undo").disabled = !this.review.undoable && !this.review.outbox.size;
    byId("redo").disabled = !this.review.redoable;
    this.view.ask();
  }

  renderQueue() {
    const { queue } = this.review;
    const all = queue.rows.length;
    byId("progress").max = Math.max(1, all);
    byId("progress").value = queue.doneCount;
    byId("progress-text").textContent = `${queue.doneCount} of ${all} done`;
    this.strip.render();
    this.filters.offerClasses();
  }

  draw() {
    const { context, canvas } = this.view;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const { current } = this.review;
    if (!current) return;
    paintPicture(context, this.view, current);
    this.sharpen();
    if (this.hasMasks) this.drawObjects(context);
    this.tool.draw?.(context, this.view);
  }

  drawObjects(context) {
    const { review, view } = this;
    const shown = review.objects
      .map((one, place) => ({ one, number: place + 1 }))
      .filter(({ one }) => review.isVisible(one) || one.uid === review.selectedUid)
      .sort((a, b) => (a.one.uid === review.selectedUid) - (b.one.uid === review.selectedUid) || b.one.area - a.one.area);
    const styleOf = ({ one, number }) => ({
      colour: review.colourOf(one.category), place: review.placeOf(one.category), number,
      isSelected: one.uid === review.selectedUid, hasFill: true,
    });
    for (const item of shown) {
      const path = this.tool.pathFor?.(item.one) ?? item.one.path;
      paintObject(context, view, { ...item.one, path }, styleOf(item));
    }
    if (!this.hasLabels) return;
    const taken = [];
    for (const item of shown.toReversed()) paintLabel(context, view, item.one, { ...styleOf(item), taken });
  }

  /** Once a preview's pixels are larger than the screen's, the file's own are fetched. */
  sharpen() {
    const { current } = this.review;
    if (!current.image || current.isSharp) return;
    if (this.view.scale * this.view.ratio * current.data.size[1] < 1.3 * current.image.width) return;
    this.review.pictures.sharpen(current.data.id).then(() => this.view.ask(), () => {});
  }

  // -- what is done ----------------------------------------------------------------------------

  onSelected(take) {
    if (this.review.selected) take(this.review.selected);
    else this.messages.say("Select an object first (↓).");
  }

  use(name, options = {}) {
    const tool = this.tools[name];
    if (tool !== this.tool || name !== "select") this.tool.leave?.();
    const isReady = tool.enter ? tool.enter(options) : true;
    this.tool = isReady ? tool : this.tools.select;
    for (const button of document.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.dataset.tool === this.tool.name));
    }
    byId("canvas").style.cursor = this.tool.cursor;
    byId("canvas").dataset.tool = this.tool.name;
    this.view.ask();
  }

  done() {
    const { review } = this;
    if (review.current.data.id !== review.wantedId) return; // the next one is not shown yet
    this.tool.leave?.();
    if (!review.current.data.is_reviewed) review.done();
    if (!review.go(1)) this.reportRest();
  }

  reopen() {
    if (this.review.current.data.is_reviewed) this.review.reopen();
  }

  reportRest() {
    const { queue } = this.review;
    const rest = queue.rows.length - queue.doneCount;
    const left = rest === 1 ? "1 picture is" : `${rest} pictures are`;
    if (rest) this.messages.say(`${left} not done yet (G goes to the next).`);
    else this.messages.say("All pictures are done. Apply writes the reviewed labels.");
  }

  nextOpen() {
    const { queue, wantedId } = this.review;
    const from = queue.placeOf(wantedId) + 1;
    const { list } = queue;
    const row = [...list.slice(from), ...list.slice(0, from)].find((one) => !one.isReviewed);
    if (row) this.review.open(row.id);
    else this.messages.say("All pictures of the list are done.");
  }

  openAt(place) {
    const row = this.review.queue.list.at(place);
    if (row) this.review.open(row.id);
  }

  /** To the next or the previous object. */
  step(by) {
    const { review } = this;
    const { objects } = review;
    if (!objects.length) return;
    const at = objects.findIndex((one) => one.uid === review.selectedUid);
    const next = at < 0 ? (by > 0 ? 0 : objects.length - 1) : (at + by + objects.length) % objects.length;
    const one = objects[next];
    review.select(one.uid);
    this.revealSelected();
    this.messages.whisper(`${next + 1} of ${objects.length}: ${one.category}, ${STATE_WORDS[one.state]}`);
  }

  revealSelected() {
    if (this.review.selected) this.view.reveal(this.review.selected.bbox);
  }

  zoomTo({ bbox: [left, top, width, height] }) {
    const [boxWidth, boxHeight] = this.view.box;
    const scale = Math.min(boxWidth / (1.4 * width), boxHeight / (1.4 * height));
    this.view.zoom(scale / this.view.scale);
    const [x, y] = this.view.toCanvas([left + width / 2, top + height / 2]);
    this.view.pan(boxWidth / 2 - x, boxHeight / 2 - y);
  }

  /** Names for the picker: those used last, then all. */
  names() {
    return [...new Set([...this.usedCategories, ...this.review.categories.map(([, name]) => name)])];
  }

  async pickClass(title) {
    const name = await this.picker.choose(title, this.names());
    byId("canvas").focus();
    if (name) this.usedCategories = [...new Set([name, ...this.usedCategories])].slice(0, QUICK_CLASSES);
    return name;
  }

  async relabel(one) {
    const name = await this.pickClass(`Class of object ${this.review.objects.indexOf(one) + 1}`);
    if (name) this.review.relabel(one, name);
  }

  quickClass(place) {
    const name = this.names()[place];
    if (name) this.onSelected((one) => this.review.relabel(one, name));
  }

  async add(tool) {
    const category = await this.pickClass("Add a missed object of the class");
    if (!category) return;
    this.review.select(null);
    this.use(tool, { category });
    if (tool === "brush") this.messages.say(`Paint the ${category}; Esc when it is done.`);
  }

  async track(one, kind) {
    if (!one.track_id) {
      this.messages.say("Only objects of videos have tracks.");
      return;
    }
    const category = kind === "relabel" ? await this.pickClass(`Class of track ${one.track_id}`) : null;
    if (kind === "relabel" && !category) return;
    const words = { accept: "accepted", relabel: `is ${category} now`, reject: "rejected" };
    const fields = { track_id: one.track_id, ...(category && { category }) };
    this.review.video(kind, fields, `Track ${one.track_id} ${words[kind]}`);
  }

  finishVideo() {
    if (!this.review.current.data.video_id) this.messages.say("This picture is of no video.");
    else this.review.video("done", { min_score: this.review.minScore }, "All frames done");
  }

  toggle(what) {
    this[what] = !this[what];
    byId("masks").setAttribute("aria-pressed", String(!this.hasMasks));
    this.messages.say(`${what === "hasMasks" ? "Masks" : "Labels"} ${this[what] ? "shown" : "hidden"}.`);
    this.view.ask();
  }

  slide(by) {
    this.setScore(Math.min(1, Math.max(Number(byId("score").min), this.review.minScore + by)));
  }

  setScore(value) {
    this.review.minScore = Math.round(value * 100) / 100;
    byId("score").value = this.review.minScore;
    byId("score-text").textContent = this.review.minScore.toFixed(2);
    this.refresh();
  }

  toggleTheme() {
    this.messages.say(`${toggleTheme() === "dark" ? "Dark" : "Light"} colours.`);
    this.view.ask();
  }

  help() {
    byId("help-dialog").showModal();
  }

  focus(id) {
    byId(id).focus();
  }

  async apply() {
    byId("apply").disabled = true;
    try {
      this.messages.say((await postJson("api/apply", {})).sentence);
    } catch (error) {
      this.messages.warn(error.message);
    }
    byId("apply").disabled = false;
  }
}
