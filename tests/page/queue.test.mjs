import assert from "node:assert/strict";
import test from "node:test";

import { Queue } from "../../yolact_cli/review/page/queue.js";
import { matching } from "../../yolact_cli/review/page/picker.js";

const row = (id, { done = 0, objects = [], priority = 0 } = {}) =>
  [id, `${id}.jpg`, 8, 6, done, null, 0, 0, 0, priority, objects];
const ids = (queue) => queue.list.map((one) => one.id);

test("filters by class and score mean one and the same object", () => {
  const queue = new Queue([row(1, { objects: [[7, 900, 0, 0], [8, 300, 0, 0]] }), row(2, { objects: [[7, 350, 0, 0]] })]);
  queue.choose({ category: 7, from: 0.3, to: 0.4 });
  assert.deepEqual(ids(queue), [2]);
});

test("rejected objects are not found by their class, but by the verdict", () => {
  const queue = new Queue([row(1, { objects: [[7, 900, 4, 0]] }), row(2)]);
  queue.choose({ category: 7 });
  assert.deepEqual(ids(queue), []);
  queue.choose({ category: 0, verdict: "rejected" });
  assert.deepEqual(ids(queue), [1]);
});

test("a picture that is done stays in the list until filters are chosen anew", () => {
  const queue = new Queue([row(1), row(2)]);
  queue.choose({ verdict: "todo" });
  queue.update([row(1, { done: 1 })]);
  assert.equal(queue.doneCount, 1);
  assert.equal(queue.neighbour(1, 1).id, 2);
  queue.choose({});
  assert.deepEqual(ids(queue), [2]);
});

test("pictures come as they need a look, or as they are listed", () => {
  const queue = new Queue([row(2, { priority: 0.9 }), row(1, { priority: 0.1 })]);
  assert.deepEqual(ids(queue), [2, 1]);
  queue.choose({ order: "listed" });
  assert.deepEqual(ids(queue), [1, 2]);
});

test("typing finds classes that begin with the letters before those that hold them", () => {
  assert.deepEqual(matching(["tv", "cat", "train", "cattle"], "T"), ["tv", "train", "cat", "cattle"]);
});
