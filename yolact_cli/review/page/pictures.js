// Pictures with their pixels, kept for a while and fetched ahead, so that the next is there.

import { getBlob, getJson } from "./server.js";
import { giveShapes } from "./shapes.js";

const MOST_KEPT = 14;

export class Pictures {
  constructor() {
    this.kept = new Map();
  }

  /** A picture and its pixels: { data, image, problem }; image is null where it cannot be had. */
  load(id) {
    const found = this.kept.get(id);
    this.kept.delete(id);
    const entry = found ?? this.fetch(id);
    this.kept.set(id, entry); // the last in the map is the one asked for last
    this.evict();
    return entry.promise;
  }

  /** What is there already, or undefined. */
  peek(id) {
    return this.kept.get(id)?.value;
  }

  /** Have these ready; the first is needed first. */
  prefetch(ids) {
    for (const id of ids) if (!this.kept.has(id)) this.load(id).catch(() => {});
  }

  /** Take over what the server says a picture is now. */
  replace(data) {
    const value = this.peek(data.id);
    if (!value) return;
    giveShapes(data, value.data.objects);
    keepOrder(data.objects, value.data.objects);
    value.data = data;
  }

  /** Forget labels that are no longer true; pixels stay. */
  async refresh(ids) {
    const known = ids.filter((id) => this.peek(id));
    await Promise.all(known.map(async (id) => this.replace(await getJson(`api/pictures/${id}`))));
  }

  /** The pixels at the file's own size. */
  async sharpen(id) {
    const value = this.peek(id);
    if (!value || value.isSharp) return;
    value.isSharp = true;
    const sharp = await createImageBitmap(await getBlob(`images/${id}/full`));
    value.image?.close();
    value.image = sharp;
  }

  fetch(id) {
    const entry = { value: undefined };
    entry.promise = this.fetched(id, entry);
    entry.promise.catch(() => {
      if (this.kept.get(id) === entry) this.kept.delete(id); // to be tried again
    });
    return entry;
  }

  async fetched(id, entry) {
    const pixels = getBlob(`images/${id}/preview`).then(createImageBitmap);
    pixels.catch(() => {}); // told below
    const data = await getJson(`api/pictures/${id}`);
    giveShapes(data, []);
    keepOrder(data.objects, []);
    const value = { data, image: null, problem: "", isSharp: false };
    try {
      value.image = await pixels;
      value.isSharp = value.image.width >= data.size[1];
    } catch (error) {
      if (error instanceof TypeError) throw error; // the server is away
      value.problem = error.message;
    }
    entry.value = value;
    return value;
  }

  evict() {
    for (const [id, entry] of this.kept) {
      if (this.kept.size <= MOST_KEPT) return;
      this.kept.delete(id);
      entry.promise.then((value) => value.image?.close()).catch(() => {});
    }
  }
}

/** Objects keep the numbers they were seen with; those not seen yet stand by their scores. */
export function keepOrder(objects, before) {
  const places = new Map(before.map(({ uid }, place) => [uid, place]));
  const placeOf = ({ uid }) => places.get(uid) ?? places.size;
  objects.sort((a, b) => placeOf(a) - placeOf(b) || (b.score ?? -1) - (a.score ?? -1));
}
