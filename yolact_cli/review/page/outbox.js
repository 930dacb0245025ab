// Acts on their way to the server: one after the other, kept until they are confirmed.
//
// Each carries the revision of the picture that it was done upon, and a key, so that one that was
// sent twice is done once. What is not confirmed stays in the browser's storage too.

import { Refused, postJson } from "./server.js";

const LONGEST_WAIT_MS = 5000;

export class Outbox {
  /**
   * on.answer(item, answer), on.refused(item, error), on.away(count), on.back(), and
   * on.revision(item), which gives what the item is done upon.
   */
  constructor(name, on) {
    this.storage = `yolact-review:${name}`;
    this.on = on;
    this.items = [];
    this.isSending = false;
    this.isAway = false;
  }

  get size() {
    return this.items.length;
  }

  /** Whether something about a picture is not confirmed yet. */
  holds(pictureId) {
    return this.items.some((item) => item.pictureId === pictureId);
  }

  push(item) {
    this.items.push(item);
    this.keep();
    if (this.isAway) this.on.away(this.size, this.problem);
    this.send();
  }

  /** What an earlier page of the same run could not send. */
  restore() {
    try {
      this.items = JSON.parse(localStorage.getItem(this.storage)) ?? [];
    } catch {
      this.items = [];
    }
    this.send();
    return this.items.length;
  }

  async send() {
    if (this.isSending) return;
    this.isSending = true;
    let wait = 250;
    while (this.items.length) {
      const item = this.items[0];
      try {
        item.body = await this.on.prepare(item); // the same again, once it was tried
        const answer = await postJson(item.path, item.body);
        this.settle(item);
        this.on.answer(item, answer);
      } catch (error) {
        if (error instanceof Refused && error.status !== 507 && error.status !== 403) {
          this.settle(item);
          this.on.refused(item, error);
        } else {
          this.isAway = true;
          this.problem = error;
          this.on.away(this.size, error);
          await new Promise((wake) => setTimeout(wake, wait));
          wait = Math.min(LONGEST_WAIT_MS, wait * 2);
        }
      }
    }
    this.isSending = false;
  }

  settle(item) {
    this.items = this.items.filter((one) => one !== item);
    this.keep();
    if (this.isAway) this.on.back();
    this.isAway = false;
  }

  keep() {
    this.on.count(this.size);
    const texts = this.items.map(({ path, pictureId, body, act, what }) => {
      return { path, pictureId, body, act, what };
    });
    try {
      if (texts.length) localStorage.setItem(this.storage, JSON.stringify(texts));
      else localStorage.removeItem(this.storage);
    } catch {
      // Storage is full or forbidden: the acts are still here in memory.
    }
  }
}
