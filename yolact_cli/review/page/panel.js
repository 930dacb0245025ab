// The side: what the picture is, why to look at it, its objects, and what can be done.

import { MARKS, cssColour } from "./paint.js";

export const STATE_WORDS = {
  machine: "not looked at", accepted: "accepted", corrected: "corrected", added: "added",
  rejected: "rejected",
};

export class Panel {
  constructor(app) {
    this.app = app;
    this.list = document.getElementById("objects");
    this.name = document.getElementById("picture-name");
    this.facts = document.getElementById("picture-facts");
    this.reasons = document.getElementById("reasons");
    this.doneButton = document.getElementById("done");
    this.doneHint = document.getElementById("done-hint");
    this.list.addEventListener("click", (event) => this.click(event));
  }

  render() {
    const { review } = this.app;
    if (!review.current) return;
    const { data, problem } = review.current;
    const [height, width] = data.size;
    const place = review.queue.placeOf(data.id);
    const position = place < 0 ? "not in the list" : `${place + 1} of ${review.queue.list.length}`;
    this.name.textContent = data.name;
    this.name.title = data.name;
    this.facts.textContent = `${position} · ${width} × ${height} px${problem ? ` · ${problem}` : ""}`;
    this.facts.classList.toggle("is-problem", Boolean(problem));
    this.renderReasons(data.priority);
    this.renderObjects();
    this.renderDone(data);
  }

  renderReasons(priority) {
    const reasons = priority?.reasons ?? [];
    this.reasons.hidden = reasons.length === 0;
    this.reasons.textContent = reasons.length
      ? `Priority ${priority.value.toFixed(2)}: ${reasons.map(([reason]) => reason).join(", ")}`
      : "";
  }

  renderObjects() {
    const { review } = this.app;
    const items = review.objects.map((one, place) => this.item(one, place));
    if (!items.length) {
      const empty = document.createElement("p");
      empty.className = "empty";
      empty.textContent = "No objects. Press N to add one that was missed.";
      items.push(empty);
    }
    this.list.replaceChildren(...items);
    this.list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
    const active = review.selectedUid ? `object-${review.selectedUid}` : "";
    this.list.setAttribute("aria-activedescendant", active);
  }

  item(one, place) {
    const { review } = this.app;
    const item = document.createElement("div");
    const isHidden = one.state !== "rejected" && !review.isVisible(one);
    item.className = `object is-${one.state}${isHidden ? " is-below" : ""}`;
    item.role = "option";
    item.id = `object-${one.uid}`;
    item.dataset.uid = one.uid;
    item.setAttribute("aria-selected", String(one.uid === review.selectedUid));
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = cssColour(review.colourOf(one.category));
    const name = span("object-name", `${place + 1} ${one.category}`);
    const score = span("object-score", one.score === null ? "" : one.score.toFixed(2));
    const state = isHidden ? "below the slider" : STATE_WORDS[one.state];
    const word = span("object-state", `${MARKS[one.state]} ${state}`.trim());
    item.append(swatch, name, score, word);
    if (one.track_id) item.append(span("object-track", `track ${one.track_id}`));
    const why = one.priority?.reasons?.map(([reason]) => reason).join(", ");
    if (why) item.title = why;
    return item;
  }

  renderDone(data) {
    const { review } = this.app;
    const visible = review.objects.filter((one) => review.isVisible(one)).length;
    const below = review.objects.filter((one) => one.state !== "rejected").length - visible;
    this.doneButton.textContent = data.is_reviewed ? "✓ Done — reopen" : "Done, next";
    this.doneButton.classList.toggle("is-done", data.is_reviewed);
    if (data.is_reviewed) {
      this.doneHint.textContent = `Marked done${data.reviewer ? ` by ${data.reviewer}` : ""}; changes are kept.`;
    } else if (below) {
      this.doneHint.textContent = `Accepts the ${visible} visible; rejects ${below} below the slider.`;
    } else if (visible === 0) {
      this.doneHint.textContent = "Says that nothing is to be labelled here.";
    } else {
      this.doneHint.textContent = visible === 1 ? "Accepts the object." : `Accepts all ${visible} objects.`;
    }
  }

  click(event) {
    const uid = event.target.closest("[data-uid]")?.dataset.uid;
    if (!uid) return;
    this.app.review.select(uid);
    this.app.revealSelected();
  }
}

function span(className, text) {
  const element = document.createElement("span");
  element.className = className;
  element.textContent = text;
  return element;
}
