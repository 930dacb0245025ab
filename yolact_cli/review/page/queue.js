// The queue: every picture's row, what filters let through, and who is whose neighbour.

const FIELDS = ["id", "name", "width", "height", "isReviewed", "reviewer", "videoId", "frame",
  "time", "priority", "objects"];

export const STATE = { machine: 0, accepted: 1, corrected: 2, added: 3, rejected: 4 };

export const VERDICTS = {
  all: ["All pictures", () => true],
  todo: ["To do", (row) => !row.isReviewed],
  done: ["Done", (row) => row.isReviewed],
  changed: ["Changed by hand", (row) => row.objects.some(([, , state]) => state > STATE.accepted)],
  rejected: ["With rejected objects", (row) => row.objects.some((one) => one[2] === STATE.rejected)],
  empty: ["Without objects", (row) => row.objects.every((one) => one[2] === STATE.rejected)],
};

export const NO_FILTER = { text: "", category: 0, verdict: "all", from: 0, to: 1 };

export class Queue {
  constructor(rows) {
    this.rows = rows.map(asRow);
    this.byId = new Map(this.rows.map((row) => [row.id, row]));
    this.filter = { ...NO_FILTER };
    this.order = "priority";
    this.choose({});
  }

  get doneCount() {
    return this.done;
  }

  /** Take changed rows over; the list stays as it is until the filters are changed. */
  update(records) {
    for (const record of records) {
      const fresh = asRow(record);
      const row = this.byId.get(fresh.id);
      if (row) Object.assign(row, fresh, { priority: row.priority });
    }
    this.done = this.rows.filter((row) => row.isReviewed).length;
  }

  /** Change filters or order, and make the list anew. */
  choose({ order, ...filter }) {
    this.filter = { ...this.filter, ...filter };
    this.order = order ?? this.order;
    const sorted = this.order === "priority" ? this.rows : this.rows.toSorted((a, b) => a.id - b.id);
    this.list = sorted.filter((row) => matches(row, this.filter));
    this.places = new Map(this.list.map((row, place) => [row.id, place]));
    this.update([]);
  }

  placeOf(id) {
    return this.places.get(id) ?? -1;
  }

  /** The row so many places on, or null at the end; from a row that is not listed, the first. */
  neighbour(id, step) {
    const place = this.placeOf(id);
    return (place < 0 ? this.list[0] : this.list[place + step]) ?? null;
  }
}

function asRow(record) {
  const row = Object.fromEntries(FIELDS.map((name, place) => [name, record[place]]));
  row.isReviewed = Boolean(row.isReviewed);
  return row;
}

function matches(row, { text, category, verdict, from, to }) {
  if (text && !row.name.toLowerCase().includes(text.toLowerCase())) return false;
  if (!VERDICTS[verdict][1](row)) return false;
  if (!category && from <= 0 && to >= 1) return true;
  return row.objects.some(([id, score, state]) => {
    if (state === STATE.rejected || (category && id !== category)) return false;
    return score < 0 ? from <= 0 : score >= 1000 * from && score <= 1000 * to;
  });
}
