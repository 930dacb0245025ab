// Masks to outlines and back. Outlines run along the edges of pixels, so that filling one gives
// the mask it was traced from to the pixel; holes are rings of their own (even-odd rule).

const STEPS = { 1: [1, 0], 2: [0, 1], 4: [-1, 0], 8: [0, -1] };
const RIGHT_OF = { 1: 2, 2: 4, 4: 8, 8: 1 };

/** All rings around a mask's parts and holes, each [x0, y0, x1, y1, …], corners alone. */
export function traceRings(mask, width, height) {
  const open = directedEdges(mask, width, height);
  const stride = width + 1;
  const rings = [];
  for (let start = 0; start < open.length; start += 1) {
    while (open[start]) rings.push(walk(open, start, stride));
  }
  return rings;
}

/** For every corner of the grid which ways an edge leaves it, the object on the right. */
function directedEdges(mask, width, height) {
  const stride = width + 1;
  const open = new Uint8Array(stride * (height + 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!mask[y * width + x]) continue;
      const corner = y * stride + x;
      if (y === 0 || !mask[(y - 1) * width + x]) open[corner] |= 1;
      if (x === width - 1 || !mask[y * width + x + 1]) open[corner + 1] |= 2;
      if (y === height - 1 || !mask[(y + 1) * width + x]) open[corner + stride + 1] |= 4;
      if (x === 0 || !mask[y * width + x - 1]) open[corner + stride] |= 8;
    }
  }
  return open;
}

function walk(open, start, stride) {
  const ring = [];
  let at = start;
  let way = lowestBit(open[at]);
  let before = 0;
  do {
    open[at] &= ~way;
    if (way !== before) ring.push(at % stride, Math.floor(at / stride));
    before = way;
    at += STEPS[way][0] + STEPS[way][1] * stride;
    const ways = open[at];
    const turned = RIGHT_OF[way]; // where two pixels touch by a corner, each has a ring
    way = ways & turned ? turned : lowestBit(ways);
  } while (at !== start && way);
  return ring;
}

const lowestBit = (bits) => bits & -bits;

/** A ring with fewer points, none of those left out farther than the tolerance from the line. */
export function simplifyRing(ring, tolerance) {
  const count = ring.length / 2;
  if (count <= 4 || tolerance <= 0) return ring.slice();
  const keep = new Uint8Array(count);
  const far = farthestFrom(ring, 0, count);
  keep[0] = 1;
  keep[far] = 1;
  const spans = [[0, far], [far, count]];
  while (spans.length) {
    const [first, last] = spans.pop();
    const [place, distance] = farthestFromLine(ring, first, last, count);
    if (distance <= tolerance) continue;
    keep[place] = 1;
    spans.push([first, place], [place, last]);
  }
  const kept = [];
  for (let n = 0; n < count; n += 1) if (keep[n]) kept.push(ring[2 * n], ring[2 * n + 1]);
  return kept.length >= 6 ? kept : ring.slice();
}

function farthestFrom(ring, from, count) {
  let [best, found] = [-1, from];
  for (let n = 0; n < count; n += 1) {
    const d = (ring[2 * n] - ring[2 * from]) ** 2 + (ring[2 * n + 1] - ring[2 * from + 1]) ** 2;
    if (d > best) [best, found] = [d, n];
  }
  return found;
}

function farthestFromLine(ring, first, last, count) {
  const [ax, ay] = [ring[2 * first], ring[2 * first + 1]];
  const end = last % count;
  const [dx, dy] = [ring[2 * end] - ax, ring[2 * end + 1] - ay];
  const length = Math.hypot(dx, dy);
  let [best, found] = [-1, first];
  for (let n = first + 1; n < last; n += 1) {
    const [px, py] = [ring[2 * n] - ax, ring[2 * n + 1] - ay];
    const d = length ? Math.abs(px * dy - py * dx) / length : Math.hypot(px, py);
    if (d > best) [best, found] = [d, n];
  }
  return [found, best];
}

/** The mask of a size whose pixels' centres lie inside the rings, by the even-odd rule. */
export function fillRings(rings, width, height) {
  const mask = new Uint8Array(width * height);
  const crossings = Array.from({ length: height }, () => []);
  for (const ring of rings) {
    for (let n = 0; n < ring.length; n += 2) addCrossings(crossings, ring, n, height);
  }
  crossings.forEach((row, y) => {
    row.sort((a, b) => a - b);
    for (let n = 0; n + 1 < row.length; n += 2) {
      const first = Math.max(0, Math.ceil(row[n] - 0.5));
      const last = Math.min(width, Math.ceil(row[n + 1] - 0.5));
      if (last > first) mask.fill(1, y * width + first, y * width + last);
    }
  });
  return mask;
}

/** Where the edge that begins at a point crosses the middles of pixel rows. */
function addCrossings(crossings, ring, n, height) {
  const next = (n + 2) % ring.length;
  let [ax, ay, bx, by] = [ring[n], ring[n + 1], ring[next], ring[next + 1]];
  if (ay === by) return;
  if (ay > by) [ax, ay, bx, by] = [bx, by, ax, ay];
  const first = Math.max(0, Math.ceil(ay - 0.5));
  const last = Math.min(height - 1, Math.ceil(by - 0.5) - 1);
  for (let y = first; y <= last; y += 1) {
    crossings[y].push(ax + ((y + 0.5 - ay) * (bx - ax)) / (by - ay));
  }
}

/** Rings with few enough points for a hand, and how far they may be off, in px. */
export function editableRings(rings, mostPoints) {
  let tolerance = 0.8;
  let simple = rings.map((ring) => simplifyRing(ring, tolerance));
  while (pointCount(simple) > mostPoints && tolerance < 64) {
    tolerance *= 1.35;
    simple = rings.map((ring) => simplifyRing(ring, tolerance));
  }
  return { rings: simple, tolerance };
}

export const pointCount = (rings) => rings.reduce((sum, ring) => sum + ring.length / 2, 0);

/**
 * A mask after its simplified outline was changed by hand.
 *
 * Where the outline stayed, the mask stays as it was to the pixel; near what moved it is the new
 * outline's.
 */
export function remould(mask, before, after, { width, height, margin }) {
  const old = fillRings(before, width, height);
  const fresh = fillRings(after, width, height);
  const result = mask.slice();
  const reach = Math.ceil(margin) + 1;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (old[y * width + x] === fresh[y * width + x]) continue;
      const [top, bottom] = [Math.max(0, y - reach), Math.min(height - 1, y + reach)];
      const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach + 1)];
      for (let row = top; row <= bottom; row += 1) {
        const at = row * width;
        result.set(fresh.subarray(at + left, at + right), at + left);
      }
    }
  }
  return result;
}
