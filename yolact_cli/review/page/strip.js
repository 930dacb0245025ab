// The filmstrip: of ten thousand pictures, only those in sight are in the page.

const ITEM_PX = 124;
const SPARE = 4;

export class Strip {
  constructor(list, { open }) {
    this.list = list;
    this.track = document.createElement("div");
    this.track.className = "strip-track";
    this.track.role = "presentation";
    list.append(this.track);
    this.items = new Map();
    this.rows = [];
    this.currentId = 0;
    this.open = open;
    list.addEventListener("scroll", () => this.ask(), { passive: true });
    list.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.ask()).observe(list);
  }

  /** Other pictures. */
  fill(rows, videos) {
    this.rows = rows;
    this.videos = videos;
    this.track.style.width = `${rows.length * ITEM_PX}px`;
    for (const item of this.items.values()) item.remove();
    this.items.clear();
    this.render();
  }

  /** Another picture is shown; the strip follows where it is not in sight. */
  mark(place, id) {
    this.currentId = id;
    if (place >= 0) {
      const left = place * ITEM_PX;
      const [seen, width] = [this.list.scrollLeft, this.list.clientWidth];
      if (left < seen + ITEM_PX || left + 2 * ITEM_PX > seen + width) {
        this.list.scrollLeft = left - (width - ITEM_PX) / 2;
      }
    }
    this.render();
  }

  ask() {
    if (this.isAsked) return;
    this.isAsked = true;
    requestAnimationFrame(() => {
      this.isAsked = false;
      this.render();
    });
  }

  render() {
    const first = Math.max(0, Math.floor(this.list.scrollLeft / ITEM_PX) - SPARE);
    const seen = Math.ceil(this.list.clientWidth / ITEM_PX) + 2 * SPARE;
    const last = Math.min(this.rows.length, first + seen);
    for (const [place, item] of this.items) {
      if (place < first || place >= last) {
        item.remove();
        this.items.delete(place);
      }
    }
    for (let place = first; place < last; place += 1) {
      if (!this.items.has(place)) this.add(place);
      this.refresh(place);
    }
  }

  add(place) {
    const row = this.rows[place];
    const item = document.createElement("div");
    item.className = "strip-item";
    item.role = "option";
    item.id = `strip-${row.id}`;
    item.style.left = `${place * ITEM_PX}px`;
    const image = document.createElement("img");
    image.src = `images/${row.id}/thumb`;
    image.alt = "";
    image.decoding = "async";
    image.draggable = false;
    image.addEventListener("error", () => item.classList.add("is-missing"));
    const caption = document.createElement("span");
    caption.className = "strip-caption";
    item.append(image, caption);
    item.addEventListener("click", () => this.open(row.id));
    this.items.set(place, item);
    this.track.append(item);
  }

  refresh(place) {
    const row = this.rows[place];
    const item = this.items.get(place);
    const isCurrent = row.id === this.currentId;
    const count = row.objects.filter(([, , state]) => state !== 4).length;
    const before = this.rows[place - 1];
    const beginsVideo = row.videoId && before?.videoId !== row.videoId;
    item.classList.toggle("is-current", isCurrent);
    item.classList.toggle("is-done", row.isReviewed);
    item.classList.toggle("is-frame", row.videoId > 0);
    item.classList.toggle("begins-video", Boolean(beginsVideo));
    item.setAttribute("aria-selected", String(isCurrent));
    item.setAttribute("aria-posinset", String(place + 1));
    item.setAttribute("aria-setsize", String(this.rows.length));
    const verdict = row.isReviewed ? "done" : "to do";
    item.setAttribute("aria-label", `${row.name}, ${count} objects, ${verdict}`);
    const name = beginsVideo ? `▶ ${this.videos.get(row.videoId)}` : shortName(row);
    item.title = row.name;
    item.lastChild.textContent = `${row.isReviewed ? "✓ " : ""}${name}`;
    if (isCurrent) this.list.setAttribute("aria-activedescendant", item.id);
  }

  wheel(event) {
    if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
    event.preventDefault();
    this.list.scrollLeft += event.deltaY;
  }
}

function shortName(row) {
  if (row.videoId) return clock(row.time);
  return row.name.split("/").pop();
}

function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
}
