// Masks to try things on: random ones, and the corner cases that have bitten somebody.

/** The same random numbers every time. */
export function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A mask with blobs and holes, or noise, by turns. */
export function randomMask(width, height, random) {
  const mask = new Uint8Array(width * height);
  const isNoise = random() < 0.4;
  if (isNoise) return mask.map(() => (random() < 0.5 ? 1 : 0));
  for (let blob = 0; blob < 4; blob += 1) {
    const value = blob === 2 ? 0 : 1;
    const [x, y, r] = [random() * width, random() * height, (random() * width) / 2];
    for (let n = 0; n < mask.length; n += 1) {
      if ((n % width - x) ** 2 + (Math.floor(n / width) - y) ** 2 < r * r) mask[n] = value;
    }
  }
  return mask;
}

/** A mask drawn with # and anything else. */
export function drawn(...rows) {
  return {
    width: rows[0].length,
    height: rows.length,
    mask: Uint8Array.from(rows.join(""), (character) => (character === "#" ? 1 : 0)),
  };
}
