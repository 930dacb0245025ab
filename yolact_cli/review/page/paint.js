// How objects look: colour and hatching by class, line by state, so that colour is never alone.

const DASHES = { machine: [], accepted: [], corrected: [9, 4], added: [2, 4], rejected: [3, 6] };
export const MARKS = { machine: "", accepted: "✓", corrected: "✎", added: "＋", rejected: "✕" };
const HATCH_PX = 14;
const FILL = 0.34;
const hatches = new Map();

/** The picture itself, or the ground it would lie on. */
export function paintPicture(context, view, { data, image }) {
  view.inPicture(context);
  const [height, width] = data.size;
  context.imageSmoothingEnabled = view.scale < 3; // single pixels are to be seen as such
  context.imageSmoothingQuality = "high";
  if (image) {
    context.drawImage(image, 0, 0, width, height);
  } else {
    context.fillStyle = "#6b6f76";
    context.fillRect(0, 0, width, height);
  }
}

export function paintObject(context, view, one, { colour, place, isSelected, hasFill }) {
  view.inPicture(context);
  const px = 1 / view.scale;
  if (hasFill && one.state !== "rejected") {
    context.globalAlpha = isSelected ? FILL * 0.6 : FILL;
    context.fillStyle = cssColour(colour);
    context.fill(one.path, "evenodd");
    context.globalAlpha = 0.3;
    const hatch = hatchOf(context, place);
    if (hatch) {
      hatch.setTransform(new DOMMatrix().scale(px));
      context.fillStyle = hatch;
      context.fill(one.path, "evenodd");
    }
    context.globalAlpha = 1;
  }
  context.lineJoin = "round";
  context.setLineDash([]);
  context.strokeStyle = isSelected ? "#fff" : "rgba(0, 0, 0, 0.65)";
  context.lineWidth = (isSelected ? 6 : 3.6) * px;
  context.stroke(one.path);
  context.setLineDash(DASHES[one.state].map((length) => length * px));
  context.strokeStyle = one.state === "rejected" ? "#c9ccd1" : cssColour(colour);
  context.lineWidth = (isSelected ? 3 : 2) * px;
  context.stroke(one.path);
  context.setLineDash([]);
}

/** The object's number, class, score and state, at its upper edge. */
export function paintLabel(context, view, one, { colour, number, isSelected, taken }) {
  view.onCanvas(context);
  const score = one.score === null ? "" : ` ${one.score.toFixed(2)}`;
  const text = `${number} ${one.category}${score} ${MARKS[one.state]}`.trim();
  context.font = `${isSelected ? 700 : 600} 12px system-ui, sans-serif`;
  const width = context.measureText(text).width + 10;
  const [boxWidth, boxHeight] = view.box;
  let [x, y] = view.toCanvas([one.bbox[0], one.bbox[1]]);
  x = Math.min(Math.max(2, x), boxWidth - width - 2);
  y = freePlace(Math.min(Math.max(2, y - 20), boxHeight - 20), { x, width, taken });
  context.fillStyle = cssColour(colour);
  context.strokeStyle = isSelected ? "#fff" : "rgba(0, 0, 0, 0.65)";
  context.lineWidth = isSelected ? 2 : 1;
  context.beginPath();
  context.roundRect(x, y, width, 18, 4);
  context.fill();
  context.stroke();
  context.fillStyle = isLight(colour) ? "#000" : "#fff";
  context.textBaseline = "middle";
  context.fillText(text, x + 5, y + 9.5);
}

/** The next height at which a label hides none of those that are drawn already. */
function freePlace(wanted, { x, width, taken }) {
  let y = wanted;
  const hides = (other) => x < other.x + other.width && other.x < x + width && Math.abs(y - other.y) < 19;
  for (let hidden = taken.find(hides); hidden && taken.length < 60; hidden = taken.find(hides)) {
    y = hidden.y + 20;
  }
  taken.push({ x, y, width });
  return y;
}

export const cssColour = ([red, green, blue]) => `rgb(${red}, ${green}, ${blue})`;

/** Whether black is more legible on a colour than white. Source: contrast of WCAG 2.1. */
export function isLight(colour) {
  const [red, green, blue] = colour.map((level) => {
    const c = level / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
}

const HATCHINGS = [
  [],
  [[0, 14, 14, 0], [-2, 2, 2, -2], [12, 16, 16, 12]],
  [[0, 0, 14, 14], [-2, 12, 2, 16], [12, -2, 16, 2]],
  [[0, 7, 14, 7]],
  [[7, 0, 7, 14]],
  [[0, 7, 14, 7], [7, 0, 7, 14]],
];

/** Lines over the fill that tell a class from its neighbours; none for every sixth. */
function hatchOf(context, place) {
  const lines = HATCHINGS[place % HATCHINGS.length];
  if (!lines.length) return null;
  const kind = place % HATCHINGS.length;
  if (!hatches.has(kind)) {
    const tile = new OffscreenCanvas(HATCH_PX, HATCH_PX);
    const drawing = tile.getContext("2d");
    drawing.strokeStyle = "rgba(255, 255, 255, 0.85)";
    drawing.lineWidth = 1.2;
    for (const [ax, ay, bx, by] of lines) {
      drawing.beginPath();
      drawing.moveTo(ax, ay);
      drawing.lineTo(bx, by);
      drawing.stroke();
    }
    hatches.set(kind, context.createPattern(tile, "repeat"));
  }
  return hatches.get(kind);
}
