// Choosing a class: type a few letters, Enter; what no class is called becomes a new one.

export class Picker {
  constructor(dialog) {
    this.dialog = dialog;
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector("[role=listbox]");
    this.title = dialog.querySelector("h2");
    this.input.addEventListener("input", () => this.refresh(0));
    this.input.addEventListener("keydown", (event) => this.key(event));
    dialog.addEventListener("close", () => this.settle(null));
  }

  /** The name that was chosen, or null. */
  choose(title, names) {
    this.settle(null);
    this.names = names;
    this.title.textContent = title;
    this.input.value = "";
    this.refresh(0);
    this.dialog.showModal();
    this.input.focus();
    return new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  settle(name) {
    const resolve = this.resolve;
    this.resolve = null;
    if (this.dialog.open) this.dialog.close();
    resolve?.(name);
  }

  refresh(active) {
    const text = this.input.value.trim();
    this.options = matching(this.names, text).map((name) => ({ name, shown: name }));
    if (text && !this.names.some((name) => name.toLowerCase() === text.toLowerCase())) {
      this.options.push({ name: text, shown: `New class “${text}”` });
    }
    this.active = Math.min(Math.max(0, active), this.options.length - 1);
    this.list.replaceChildren(...this.options.map((option, place) => this.item(option, place)));
    const current = this.list.children[this.active];
    current?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", current?.id ?? "");
  }

  item({ name, shown }, place) {
    const item = document.createElement("div");
    item.role = "option";
    item.id = `class-${place}`;
    item.textContent = shown;
    item.setAttribute("aria-selected", String(place === this.active));
    item.addEventListener("click", () => this.settle(name));
    return item;
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.refresh(this.active + step);
    else if (event.key === "Enter") this.settle(this.options[this.active]?.name ?? null);
    else return;
    event.preventDefault();
  }
}

/** Names that hold the text, those that begin with it first. */
export function matching(names, text) {
  const wanted = text.toLowerCase();
  const rank = (name) => name.toLowerCase().indexOf(wanted);
  return names
    .filter((name) => rank(name) >= 0)
    .map((name, place) => [rank(name) > 0, place, name])
    .sort(([a, x], [b, y]) => a - b || x - y)
    .map(([, , name]) => name);
}
