// The line above the picture that says which pictures are in the list, and in what order.

import { NO_FILTER, VERDICTS } from "./queue.js";

const byId = (id) => document.getElementById(id);

export class Filters {
  constructor(app) {
    this.app = app;
    this.text = byId("filter-text");
    this.category = byId("filter-class");
    this.verdict = byId("filter-verdict");
    this.from = byId("filter-from");
    this.to = byId("filter-to");
    this.order = byId("order");
    this.count = byId("filter-count");
    this.clear = byId("filter-clear");
    for (const field of [this.category, this.verdict, this.from, this.to, this.order]) {
      field.addEventListener("change", () => this.choose());
    }
    this.text.addEventListener("input", () => this.choose());
    this.clear.addEventListener("click", () => this.reset());
  }

  /** Offer what there is to be chosen. */
  fill() {
    const verdicts = Object.entries(VERDICTS).map(([value, [text]]) => new Option(text, value));
    this.verdict.replaceChildren(...verdicts);
    this.offerClasses();
    this.show();
  }

  /** The classes that some object has; people may bring in new ones. */
  offerClasses() {
    const { categories, queue } = this.app.review;
    if (this.offered === categories.length) return;
    this.offered = categories.length;
    const chosen = this.category.value || "0";
    const used = new Set(queue.rows.flatMap((row) => row.objects.map(([id]) => id)));
    const options = categories.filter(([id]) => used.has(id));
    this.category.replaceChildren(
      new Option("All classes", "0"),
      ...options.map(([id, name]) => new Option(name, String(id))),
    );
    this.category.value = chosen;
  }

  choose() {
    const number = (field, otherwise) => (field.value === "" ? otherwise : Number(field.value));
    this.app.review.queue.choose({
      text: this.text.value.trim(),
      category: Number(this.category.value),
      verdict: this.verdict.value,
      from: number(this.from, 0),
      to: number(this.to, 1),
      order: this.order.value,
    });
    this.show();
    const { queue, wantedId } = this.app.review;
    if (queue.placeOf(wantedId) < 0 && queue.list.length) this.app.review.open(queue.list[0].id);
    this.app.panel.render();
  }

  reset() {
    this.text.value = NO_FILTER.text;
    this.category.value = "0";
    this.verdict.value = NO_FILTER.verdict;
    this.from.value = "";
    this.to.value = "";
    this.choose();
  }

  show() {
    const { queue, videos, wantedId } = this.app.review;
    const { list, rows } = queue;
    this.app.strip.fill(list, videos);
    this.app.strip.mark(queue.placeOf(wantedId), wantedId);
    const isAll = list.length === rows.length;
    this.count.textContent = isAll ? `${rows.length} pictures` : `${list.length} of ${rows.length}`;
    this.clear.hidden = isAll;
  }
}
