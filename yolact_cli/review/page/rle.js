// COCO run lengths in the browser: the same texts, to the letter, as geometry/rle.py makes.
//
// A mask of height h is read column by column; runs alternate background, object, …, beginning
// with background. Source: cocodataset/cocoapi, common/maskApi.c (BSD licence); written anew.

const GROUP_BITS = 5;
const CONTINUES = 0x20;
const SIGN = 0x10;
const FIRST_CHARACTER = 48;

/** Run lengths behind compressed counts; throws where they are damaged. */
export function decodeRuns(counts) {
  const runs = [];
  let place = 0;
  while (place < counts.length) {
    let value = 0;
    let factor = 1;
    let code;
    do {
      code = counts.charCodeAt(place) - FIRST_CHARACTER;
      if (!(code >= 0 && code < 2 * CONTINUES)) throw new RangeError("damaged run lengths");
      value += (code & (CONTINUES - 1)) * factor; // no shift: it would end at 32 bits
      factor *= 2 ** GROUP_BITS;
      place += 1;
    } while (code & CONTINUES);
    if (code & SIGN) value -= factor;
    if (runs.length > 2) value += runs[runs.length - 2];
    if (value < 0) throw new RangeError("a run length is negative");
    runs.push(value);
  }
  return runs;
}

/** Compressed counts of run lengths. */
export function encodeRuns(runs) {
  const characters = [];
  for (let number = 0; number < runs.length; number += 1) {
    let value = runs[number] - (number > 2 ? runs[number - 2] : 0);
    let isOpen = true;
    while (isOpen) {
      let code = ((value % 32) + 32) % 32;
      value = Math.floor(value / 32);
      isOpen = code & SIGN ? value !== -1 : value !== 0;
      if (isOpen) code |= CONTINUES;
      characters.push(String.fromCharCode(code + FIRST_CHARACTER));
    }
  }
  return characters.join("");
}

/** The part of a mask inside a box, row by row, a byte a pixel. */
export function decodeCrop(counts, size, box) {
  const crop = new Uint8Array(box[2] * box[3]);
  const runs = decodeRuns(counts);
  let at = 0;
  runs.forEach((run, number) => {
    if (number % 2 === 1) setRun(crop, at, at + run, { height: size[0], box });
    at += run;
  });
  if (at !== size[0] * size[1]) throw new RangeError("run lengths of another size");
  return crop;
}

/** Set the pixels of one run, which may pass the ends of columns, as far as the crop has them. */
function setRun(crop, start, end, { height, box: [left, top, cropWidth, cropHeight] }) {
  let from = start;
  while (from < end) {
    const column = Math.floor(from / height);
    const columnEnd = Math.min(end, (column + 1) * height);
    const x = column - left;
    const first = Math.max(from - column * height - top, 0);
    const last = x >= 0 && x < cropWidth ? Math.min(columnEnd - column * height - top, cropHeight) : 0;
    for (let y = first; y < last; y += 1) crop[y * cropWidth + x] = 1;
    from = columnEnd;
  }
}

/** Compressed counts of a mask that is the crop at its box and empty elsewhere. */
export function encodeCrop(crop, [left, top, cropWidth, cropHeight], [height, width]) {
  const runs = [];
  let from = 0; // where the run that is open began
  let isObject = false;
  const turn = (place) => {
    if (place === from && runs.length) {
      from -= runs.pop(); // a run of nothing: its neighbours are one
    } else {
      runs.push(place - from);
      from = place;
    }
    isObject = !isObject;
  };
  for (let x = 0; x < cropWidth; x += 1) {
    const column = (left + x) * height + top;
    if (isObject && (cropHeight < height)) turn((left + x - 1) * height + top + cropHeight);
    for (let y = 0; y < cropHeight; y += 1) {
      if (Boolean(crop[y * cropWidth + x]) !== isObject) turn(column + y);
    }
  }
  const end = (left + cropWidth - 1) * height + top + cropHeight;
  if (isObject && end < height * width) turn(end);
  runs.push(height * width - from);
  return encodeRuns(runs);
}

/** The smallest box around the crop's pixels, in the crop; null where it has none. */
export function boundsOf(crop, width, height) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    const row = crop.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(1);
    if (first < 0) continue;
    left = Math.min(left, first);
    right = Math.max(right, row.lastIndexOf(1));
    top = Math.min(top, y);
    bottom = y;
  }
  return right < 0 ? null : [left, top, right - left + 1, bottom - top + 1];
}
