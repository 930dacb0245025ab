import assert from "node:assert/strict";
import test from "node:test";

import {
  editableRings, fillRings, pointCount, remould, simplifyRing, traceRings,
} from "../../yolact_cli/review/page/outline.js";
import { drawn, randomMask, randomNumbers } from "./masks.mjs";

test("an outline filled is the mask it was traced from, to the pixel", () => {
  const random = randomNumbers(11);
  for (let round = 0; round < 300; round += 1) {
    const [width, height] = [1 + Math.floor(random() * 20), 1 + Math.floor(random() * 20)];
    const mask = randomMask(width, height, random);
    assert.deepEqual(fillRings(traceRings(mask, width, height), width, height), mask);
  }
});

test("holes, parts and pixels that touch by a corner are rings of their own", () => {
  const { mask, width, height } = drawn("###..", "#.#..", "###..", "...#.", "....#");
  assert.equal(traceRings(mask, width, height).length, 4);
  assert.deepEqual(fillRings(traceRings(mask, width, height), width, height), mask);
});

test("an empty mask has no outline", () => {
  assert.deepEqual(traceRings(new Uint8Array(12), 4, 3), []);
  assert.deepEqual(fillRings([], 4, 3), new Uint8Array(12));
});

test("a simplified ring is nowhere farther from the ring than the tolerance", () => {
  const ring = [];
  for (let n = 0; n < 400; n += 1) {
    const angle = (n / 400) * 2 * Math.PI;
    ring.push(100 + 80 * Math.cos(angle), 100 + 80 * Math.sin(angle));
  }
  const simple = simplifyRing(ring, 0.5);
  assert.ok(simple.length < ring.length / 6);
  const [exact, near] = [fillRings([ring], 200, 200), fillRings([simple], 200, 200)];
  const wrong = exact.reduce((sum, pixel, n) => sum + (pixel === near[n] ? 0 : 1), 0);
  assert.ok(wrong < 2 * Math.PI * 80 * 0.6, `${wrong} pixels differ`);
});

test("rings to edit have few points, whatever the mask", () => {
  const random = randomNumbers(5);
  const mask = randomMask(300, 300, () => 0.41 + random() * 0.4);
  const { rings } = editableRings(traceRings(mask, 300, 300), 60);
  assert.ok(pointCount(rings) <= 60);
});

test("a mask that nobody moulded stays as it is", () => {
  const random = randomNumbers(8);
  const mask = randomMask(60, 60, random);
  const { rings } = editableRings(traceRings(mask, 60, 60), 12);
  assert.deepEqual(remould(mask, rings, rings, { width: 60, height: 60, margin: 2 }), mask);
});

test("moulding changes what is near the point that moved, and nothing else", () => {
  const mask = new Uint8Array(100 * 100);
  for (let y = 20; y < 60; y += 1) mask.fill(1, y * 100 + 20, y * 100 + 60);
  mask[30 * 100 + 20] = 0; // a detail that simplifying loses
  const before = [[20, 20, 60, 20, 60, 60, 20, 60]];
  const after = [[20, 20, 60, 20, 80, 80, 20, 60]];
  const moulded = remould(mask, before, after, { width: 100, height: 100, margin: 1 });
  assert.equal(moulded[30 * 100 + 20], 0);
  assert.equal(moulded[70 * 100 + 70], 1);
  assert.deepEqual(moulded.subarray(0, 20 * 100), mask.subarray(0, 20 * 100));
});
