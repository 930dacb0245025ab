// Objects' outlines as paths that a canvas fills, strokes and finds points in.

import { traceRings } from "./outline.js";
import { decodeCrop } from "./rle.js";

/** Give every object of a picture its outline; those that are unchanged keep theirs. */
export function giveShapes(data, before) {
  const known = new Map(before.filter((one) => one.path).map((one) => [one.counts, one]));
  for (const one of data.objects) {
    const same = known.get(one.counts);
    if (same) Object.assign(one, { path: same.path, rings: same.rings });
    else giveShape(one, data.size);
  }
}

/** Give one object the outline of its mask. */
export function giveShape(one, size) {
  const [left, top, width, height] = one.bbox;
  const crop = decodeCrop(one.counts, size, one.bbox);
  one.rings = shifted(traceRings(crop, width, height), left, top);
  one.path = pathOf(one.rings);
}

export function shifted(rings, dx, dy) {
  return rings.map((ring) => ring.map((value, place) => value + (place % 2 ? dy : dx)));
}

export function pathOf(rings) {
  const path = new Path2D();
  for (const ring of rings) {
    path.moveTo(ring[0], ring[1]);
    for (let n = 2; n < ring.length; n += 2) path.lineTo(ring[n], ring[n + 1]);
    path.closePath();
  }
  return path;
}
