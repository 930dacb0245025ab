// What the page says: short notes at the edge, also read out by screen readers.

const SHOWN_MS = 5000;

export class Messages {
  constructor({ polite, urgent, banner, quiet }) {
    this.quiet = quiet;
    this.polite = polite;
    this.urgent = urgent;
    this.banner = banner;
  }

  /** Something in passing. */
  say(text) {
    this.show(this.polite, text, {});
  }

  /** For those who do not see the page. */
  whisper(text) {
    this.quiet.textContent = text;
  }

  /** Something that went wrong; stays longer, and may offer a way on. */
  warn(text, offer = null) {
    this.show(this.urgent, text, { offer, shown: 3 * SHOWN_MS });
  }

  /** What holds until it no longer does; an empty text takes it away. */
  hold(text) {
    if (this.banner.textContent !== text) this.banner.textContent = text;
    this.banner.hidden = !text;
  }

  show(list, text, { offer = null, shown = SHOWN_MS }) {
    const note = document.createElement("div");
    note.className = "note";
    note.append(text);
    if (offer) note.append(offerButton(offer, () => note.remove()));
    while (list.children.length > 2) list.firstChild.remove();
    list.append(note);
    setTimeout(() => note.remove(), shown);
  }
}

function offerButton({ text, take }, then) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", () => {
    take();
    then();
  });
  return button;
}
