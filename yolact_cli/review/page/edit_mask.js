// A mask under somebody's hand: full size, painted with discs, given back as run lengths.

import { boundsOf, decodeCrop, encodeCrop } from "./rle.js";

export class EditMask {
  /** An empty mask, or that of counts. */
  constructor(sizeHw, counts = null) {
    [this.height, this.width] = sizeHw;
    const whole = [0, 0, this.width, this.height];
    this.pixels = counts
      ? decodeCrop(counts, sizeHw, whole)
      : new Uint8Array(this.width * this.height);
  }

  /** Set all pixels whose centres are within radius of the line from a to b. */
  paint([ax, ay], [bx, by], radius, value) {
    const [dx, dy] = [bx - ax, by - ay];
    const length2 = dx * dx + dy * dy;
    const top = Math.max(0, Math.floor(Math.min(ay, by) - radius));
    const bottom = Math.min(this.height, Math.ceil(Math.max(ay, by) + radius) + 1);
    const left = Math.max(0, Math.floor(Math.min(ax, bx) - radius));
    const right = Math.min(this.width, Math.ceil(Math.max(ax, bx) + radius) + 1);
    const radius2 = radius * radius;
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) {
        const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
        const t = length2 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
        const [ex, ey] = [px - t * dx, py - t * dy];
        if (ex * ex + ey * ey <= radius2) this.pixels[y * this.width + x] = value;
      }
    }
  }

  /** The mask's box and its pixels in there; null where none is set. */
  crop() {
    const box = boundsOf(this.pixels, this.width, this.height);
    if (!box) return null;
    const [left, top, width, height] = box;
    const pixels = new Uint8Array(width * height);
    for (let y = 0; y < height; y += 1) {
      const from = (top + y) * this.width + left;
      pixels.set(this.pixels.subarray(from, from + width), y * width);
    }
    return { box, pixels };
  }

  /** Box, area and counts, as an object has them; null where no pixel is set. */
  measured() {
    const crop = this.crop();
    if (!crop) return null;
    const counts = encodeCrop(crop.pixels, crop.box, [this.height, this.width]);
    const area = crop.pixels.reduce((sum, one) => sum + one, 0);
    return { bbox: crop.box, area, counts };
  }
}
