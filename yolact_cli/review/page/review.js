// What a person does to pictures: shown at once, sent at once, taken back where it was refused.

import { Outbox } from "./outbox.js";
import { Pictures } from "./pictures.js";
import { Queue } from "./queue.js";
import { getJson, newKey, newUid } from "./server.js";
import { giveShape } from "./shapes.js";

const AHEAD = 4;

export class Review extends EventTarget {
  /** Tells "shown" (another picture), "changed" (this one), "queue" (rows), "pending" ({ size }). */
  constructor(start, messages) {
    super();
    this.messages = messages;
    this.title = start.title;
    this.reviewer = start.reviewer;
    this.colours = start.colours;
    this.leastScore = start.least_score;
    this.minScore = 0;
    this.videos = new Map(start.videos);
    this.queue = new Queue(start.rows);
    this.pictures = new Pictures();
    this.colourPlaces = placesByUse(start.categories, this.queue.rows);
    this.current = null;
    this.wantedId = 0;
    this.selectedUid = null;
    this.lastCategory = null;
    this.take(start);
    this.outbox = new Outbox(start.title, {
      prepare: (item) => this.prepare(item),
      answer: (item, answer) => this.answer(item, answer),
      refused: (item, error) => this.refused(item, error),
      away: (count, error) => this.away(count, error),
      back: () => this.back(),
      count: (size) => this.tell("pending", { size }),
    });
  }

  tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  take({ categories, undoable, redoable }) {
    this.categories = categories;
    this.undoable = undoable;
    this.redoable = redoable;
  }

  /** Which colour and hatching a class has: the same for as long as the page is open. */
  placeOf(name) {
    if (!this.colourPlaces.has(name)) this.colourPlaces.set(name, this.colourPlaces.size);
    return this.colourPlaces.get(name);
  }

  colourOf(name) {
    return this.colours[this.placeOf(name) % this.colours.length];
  }

  get objects() {
    return this.current?.data.objects ?? [];
  }

  get selected() {
    return this.objects.find((one) => one.uid === this.selectedUid) ?? null;
  }

  /** What counts and is not below the slider: what "done" accepts. */
  isVisible(one) {
    if (one.state === "rejected") return false;
    return one.state !== "machine" || one.score === null || one.score >= this.minScore;
  }

  /** Show a picture; what was asked for last wins. */
  async open(id, uid = null) {
    this.wantedId = id;
    let value = this.pictures.peek(id);
    try {
      value = await this.pictures.load(id);
    } catch (error) {
      this.messages.warn(`This picture cannot be shown: ${error.message}`);
      return;
    }
    if (this.wantedId !== id) return;
    this.current = value;
    this.selectedUid = uid;
    this.tell("shown");
    this.prefetch(id);
  }

  prefetch(id) {
    const ahead = Array.from({ length: AHEAD }, (_, n) => this.queue.neighbour(id, n + 1));
    const ids = [...ahead, this.queue.neighbour(id, -1)].filter(Boolean).map((row) => row.id);
    this.pictures.prefetch(ids);
  }

  go(step) {
    const row = this.queue.neighbour(this.wantedId, step);
    if (row) this.open(row.id);
    else this.messages.say(step > 0 ? "That was the last picture of the list." : "This is the first.");
    return Boolean(row);
  }

  select(uid) {
    this.selectedUid = uid;
    this.tell("changed");
  }

  // -- acts ------------------------------------------------------------------------------------

  /** Do something to the picture that is shown. */
  act(acts, what) {
    const { data } = this.current;
    for (const act of acts) applyTo(data, act, this.reviewer);
    this.showRow(data);
    this.outbox.push({ path: "api/acts", pictureId: data.id, act: { acts }, what });
    this.tell("changed");
  }

  accept(one) {
    this.act([{ kind: "object", uid: one.uid }], `${one.category} accepted`);
  }

  /** Reject an object, or take that back. */
  reject(one) {
    if (one.state === "rejected") this.accept(one);
    else this.act([{ kind: "reject", uid: one.uid }], `${one.category} rejected`);
  }

  relabel(one, category) {
    this.lastCategory = category;
    if (category === one.category) return;
    this.act([{ kind: "object", uid: one.uid, category }], `${one.category} is ${category} now`);
  }

  /** Another mask for an object; none at all rejects it. */
  remask(one, measured) {
    if (!measured) this.reject(one);
    else if (measured.counts !== one.counts) {
      this.act([{ kind: "object", uid: one.uid, ...measured }], `mask of ${one.category} changed`);
    }
  }

  add(category, measured) {
    const uid = newUid();
    this.lastCategory = category;
    this.selectedUid = uid;
    this.act([{ kind: "object", uid, category, ...measured }], `${category} added`);
  }

  /** The picture is reviewed: what is visible is right, and there is nothing else. */
  done() {
    const uids = this.objects.filter((one) => this.isVisible(one)).map((one) => one.uid);
    this.act([{ kind: "done", uids }], "picture done");
  }

  reopen() {
    this.act([{ kind: "reopen" }], "picture reopened");
  }

  /** accept, relabel or reject a whole track; or done for all frames of the video. */
  video(kind, fields, what) {
    const { id, video_id } = this.current.data;
    this.outbox.push({ path: "api/videos", pictureId: id, act: { kind, video_id, ...fields }, what });
  }

  undo() {
    this.outbox.push({ path: "api/undo", pictureId: 0, act: { direction: "undoable" }, what: "undone" });
  }

  redo() {
    this.outbox.push({ path: "api/undo", pictureId: 0, act: { direction: "redoable" }, what: "redone" });
  }

  // -- answers ---------------------------------------------------------------------------------

  /** What is sent: the act with the revision of what it was done upon, known only now. */
  async prepare({ path, pictureId, act, body }) {
    if (body) return body;
    const key = newKey();
    if (path === "api/undo") {
      return { key, picture_id: this.wantedId, stroke: this[act.direction] ?? 0 };
    }
    const known = this.pictures.peek(pictureId)?.data ?? (await getJson(`api/pictures/${pictureId}`));
    const revision = path === "api/videos" ? known.video_revision : known.revision;
    return { key, picture_id: pictureId, revision, ...act };
  }

  answer(item, answer) {
    this.take(answer);
    // What is under way still is newer than what the server knew.
    this.queue.update(answer.rows.filter(([id]) => !this.outbox.holds(id)));
    const changed = answer.rows.map(([id]) => id);
    const { picture } = answer;
    if (picture) this.confirm(picture);
    const others = changed.filter((id) => id !== picture?.id && !this.outbox.holds(id));
    this.pictures.refresh(others).then(() => this.tell("changed"), () => {});
    this.videoRevision(picture);
    if (item.path === "api/undo" && picture) this.afterUndo(item, picture.id);
    if (item.path === "api/videos") this.messages.say(`${item.what}, in ${changed.length} frames.`);
    this.tell("queue");
    this.tell("changed");
  }

  /** The server's word on a picture; while more is under way, only the revision is taken. */
  confirm(picture) {
    const known = this.pictures.peek(picture.id);
    if (!known) return;
    if (this.outbox.holds(picture.id)) known.data.revision = picture.revision;
    else this.pictures.replace(picture);
    if (this.outbox.holds(picture.id)) known.data.video_revision = picture.video_revision;
  }

  /** All frames of a video share its revision. */
  videoRevision(picture) {
    if (!picture?.video_id) return;
    for (const row of this.queue.rows) {
      const known = row.videoId === picture.video_id && this.pictures.peek(row.id);
      if (known) known.data.video_revision = picture.video_revision;
    }
  }

  afterUndo(item, id) {
    if (id !== this.wantedId) this.open(id);
    const name = this.queue.byId.get(id)?.name ?? "";
    this.messages.say(`${item.what[0].toUpperCase()}${item.what.slice(1)}: ${name}`);
  }

  async refused(item, error) {
    if (item.path === "api/undo") {
      this.messages.say(item.body.stroke ? error.message : `There is nothing to be ${item.what}.`);
      return;
    }
    const offer = error.status === 409 && {
      text: "Do mine again on top",
      take: () => this.again(item),
    };
    try {
      // First, so that whoever reads the warning sees what the picture is now.
      await this.pictures.refresh([item.pictureId]);
      this.tell("changed");
    } finally {
      this.messages.warn(`Not saved (${item.what}): ${error.message}`, offer || null);
    }
    this.refreshQueue();
  }

  /** An act that came too late, upon what the picture is now. */
  async again({ path, pictureId, act, what }) {
    await this.open(pictureId);
    this.outbox.push({ path, pictureId, act, what });
  }

  async refreshQueue() {
    const start = await getJson("api/queue");
    this.take(start);
    this.queue.update(start.rows);
    this.tell("queue");
  }

  away(count, error) {
    const kept = count === 1 ? "1 change is" : `${count} changes are`;
    const why = error.status ? error.message : "The server does not answer.";
    this.messages.hold(`${why} ${kept} kept here, and sent as soon as it is back.`);
  }

  back() {
    this.messages.hold("");
    this.messages.say("The server is back; everything is saved.");
  }

  /** The strip and counts follow before the server has answered. */
  showRow(data) {
    const row = this.queue.byId.get(data.id);
    if (row && row.isReviewed !== data.is_reviewed) {
      row.isReviewed = data.is_reviewed;
      this.queue.update([]);
    }
    this.tell("queue");
  }
}

/** Classes that are used most get the colours that are told apart best. */
function placesByUse(categories, rows) {
  const uses = new Map();
  for (const row of rows) for (const [id] of row.objects) uses.set(id, (uses.get(id) ?? 0) + 1);
  const sorted = categories.toSorted(([a], [b]) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0));
  return new Map(sorted.map(([, name], place) => [name, place]));
}

/** What an act makes of a picture, as the server will say too. */
export function applyTo(data, act, reviewer) {
  const one = data.objects.find(({ uid }) => uid === act.uid);
  if (act.kind === "reject" && one) one.state = "rejected";
  if (act.kind === "object") applyObject(data, act, one);
  if (act.kind === "reopen") data.is_reviewed = false;
  if (act.kind === "done") {
    data.is_reviewed = true;
    data.reviewer = reviewer;
    for (const other of data.objects) {
      if (!act.uids.includes(other.uid)) other.state = "rejected";
      else if (other.state === "machine") other.state = "accepted";
    }
  }
}

function applyObject(data, act, one) {
  if (!one) {
    const { uid, category, counts, bbox, area } = act;
    const added = { uid, category, counts, bbox, area, state: "added", score: null };
    giveShape(added, data.size);
    data.objects.push({ ...added, track_id: null, priority: null });
    return;
  }
  const isRenamed = act.category !== undefined && act.category !== one.category;
  const isMoved = act.counts !== undefined && act.counts !== one.counts;
  if (isRenamed) one.category = act.category;
  if (isMoved) {
    Object.assign(one, { counts: act.counts, bbox: act.bbox, area: act.area });
    giveShape(one, data.size);
  }
  if (one.state === "added") return;
  if (isRenamed || isMoved) one.state = "corrected";
  else if (one.state === "machine" || one.state === "rejected") one.state = "accepted";
}
