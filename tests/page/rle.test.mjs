import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { boundsOf, decodeCrop, decodeRuns, encodeCrop, encodeRuns } from "../../yolact_cli/review/page/rle.js";
import { randomMask, randomNumbers } from "./masks.mjs";

test("counts are those that COCO's own code writes", () => {
  const crop = new Uint8Array(6).fill(1);
  assert.equal(encodeCrop(crop, [2, 1, 3, 2], [4, 6]), "9220003");
  assert.deepEqual(decodeRuns("9220003"), [9, 2, 2, 2, 2, 2, 5]);
});

test("a crop comes back from its counts, wherever it lies", () => {
  const random = randomNumbers(3);
  for (let round = 0; round < 300; round += 1) {
    const [width, height] = [1 + Math.floor(random() * 12), 1 + Math.floor(random() * 12)];
    const [left, top] = [Math.floor(random() * 4), Math.floor(random() * 4)];
    const size = [top + height + Math.floor(random() * 3), left + width + Math.floor(random() * 3)];
    const box = [left, top, width, height];
    const crop = randomMask(width, height, random);
    const counts = encodeCrop(crop, box, size);
    assert.deepEqual(decodeCrop(counts, size, box), crop);
    const runs = decodeRuns(counts);
    assert.equal(runs.reduce((sum, run) => sum + run, 0), size[0] * size[1]);
    assert.ok(runs.slice(1).every((run) => run > 0), "runs of nothing are not canonical");
    assert.equal(encodeRuns(runs), counts);
  }
});

test("run lengths of a large picture survive", () => {
  const runs = [3_000_000_000, 1, 2_999_999_999, 17, 40];
  assert.deepEqual(decodeRuns(encodeRuns(runs)), runs);
});

test("damaged counts are refused", () => {
  assert.throws(() => decodeRuns("9 2"), RangeError);
  assert.throws(() => decodeRuns("9222o"), RangeError);
  assert.throws(() => decodeCrop("92", [4, 6], [0, 0, 6, 4]), RangeError);
});

test("bounds are tight, and there are none of nothing", () => {
  assert.deepEqual(boundsOf(Uint8Array.of(0, 0, 0, 0, 1, 1, 0, 0, 0), 3, 3), [1, 1, 2, 1]);
  assert.equal(boundsOf(new Uint8Array(9), 3, 3), null);
});

test("counts are those that Python writes", { skip: !process.env.PYTHON_MASKS }, () => {
  for (const { counts, size, bbox, pixels } of JSON.parse(readFileSync(process.env.PYTHON_MASKS))) {
    const crop = Uint8Array.from(pixels);
    assert.equal(encodeCrop(crop, bbox, size), counts);
    assert.deepEqual(decodeCrop(counts, size, bbox), crop);
  }
});
