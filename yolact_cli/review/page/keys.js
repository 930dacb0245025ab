// Every key and what it does: one table for the page and for its help.

const typing = "input:not([type=range]):not([type=checkbox]), select, textarea";

/** Groups of [keys, what they do, action]; a key is as KeyboardEvent.key has it, with modifiers. */
export function keyTable(app) {
  const withSelected = (take) => () => app.onSelected(take);
  return [
    ["Pictures", pictureKeys(app, withSelected)],
    ["Objects", objectKeys(app, withSelected)],
    ["Masks", maskKeys(app, withSelected)],
    ["Tracks of a video", trackKeys(app, withSelected)],
    ["View", viewKeys(app, withSelected)],
    ["Everything", wholeKeys(app, withSelected)],
  ];
}

function pictureKeys(app) {
  return [
    [["ArrowRight", "j"], "Next picture", () => app.review.go(1)],
    [["ArrowLeft", "k"], "Previous picture", () => app.review.go(-1)],
    [["Home"], "First picture of the list", () => app.openAt(0)],
    [["End"], "Last picture of the list", () => app.openAt(-1)],
    [["Enter", " "], "Done: accept what is visible, and go on", () => app.done()],
    [["Shift+Enter"], "Not done after all", () => app.reopen()],
    [["g"], "Next picture that is not done", () => app.nextOpen()],
    [["/"], "Find pictures by name", () => app.focus("filter-text")],
  ];
}

function objectKeys(app, withSelected) {
  return [
    [["ArrowDown", "s"], "Next object", () => app.step(1)],
    [["ArrowUp", "w"], "Previous object", () => app.step(-1)],
    [["a"], "Accept it as it is", withSelected((one) => app.review.accept(one))],
    [["x", "Delete"], "Reject (delete) it, or take that back", withSelected((one) => app.review.reject(one))],
    [["c"], "Change its class", withSelected((one) => app.relabel(one))],
    [["1 … 9"], "Change its class to one of those used last", null],
    [["n"], "Add a missed object with the brush", () => app.add("brush")],
    [["Shift+N"], "Add a missed object by its outline", () => app.add("outline")],
  ];
}

function maskKeys(app) {
  return [
    [["b"], "Brush", () => app.use("brush")],
    [["e"], "Eraser", () => app.use("eraser")],
    [["p"], "Points of the outline", () => app.use("polygon")],
    [["v", "Escape"], "Back to the hand", () => app.use("select")],
    [["[ ]"], "Smaller or larger brush; fewer or more points", null],
    [["Arrows"], "With a tool: move its cross or the active point (Shift: 1 px, 10 px)", null],
    [["Space"], "With a tool: put the brush down or up; set a point of an outline", null],
    [[", ."], "With points: the one before, the next; + puts one in, Delete takes it out", null],
    [["Alt+drag"], "The other way round: rub out with the brush, take out a point", null],
  ];
}

function trackKeys(app, withSelected) {
  return [
    [["Shift+A"], "Accept the object's whole track", withSelected((one) => app.track(one, "accept"))],
    [["Shift+C"], "Change the class of the whole track", withSelected((one) => app.track(one, "relabel"))],
    [["Shift+X"], "Reject the whole track", withSelected((one) => app.track(one, "reject"))],
    [["Shift+D"], "All frames of this video are done", () => app.finishVideo()],
  ];
}

function viewKeys(app, withSelected) {
  return [
    [["h"], "Hide or show masks", () => app.toggle("hasMasks")],
    [["l"], "Hide or show labels", () => app.toggle("hasLabels")],
    [["+", "="], "Zoom in", () => app.view.zoom(1.3)],
    [["-"], "Zoom out", () => app.view.zoom(1 / 1.3)],
    [["0", "f"], "The whole picture", () => app.view.fit()],
    [["o"], "Actual size", () => app.view.actualSize()],
    [["z"], "Zoom to the object", withSelected((one) => app.zoomTo(one))],
    [["Shift+ArrowLeft"], "Move the picture (with all four arrows)", () => app.view.panBy(-1, 0)],
    [["Shift+ArrowRight"], "", () => app.view.panBy(1, 0)],
    [["Shift+ArrowUp"], "", () => app.view.panBy(0, -1)],
    [["Shift+ArrowDown"], "", () => app.view.panBy(0, 1)],
    [["<", "Shift+<"], "Lower the score slider", () => app.slide(-0.05)],
    [["Shift+>", ">"], "Raise the score slider", () => app.slide(0.05)],
    [["t"], "Dark or light", () => app.toggleTheme()],
  ];
}

function wholeKeys(app) {
  return [
    [["Ctrl+z", "u"], "Undo", () => app.review.undo()],
    [["Ctrl+y", "Ctrl+Shift+Z", "Shift+U"], "Redo", () => app.review.redo()],
    [["?", "Shift+?"], "This help", () => app.help()],
  ];
}

/** Let keys do what the table says. */
export function listenToKeys(app, table) {
  const actions = new Map();
  for (const [, rows] of table) {
    for (const [keys, , action] of rows) if (action) keys.forEach((key) => actions.set(key, action));
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.target.closest(typing)) {
      if (event.key === "Escape" || event.key === "Enter") event.target.blur();
      return;
    }
    if (isForControl(event)) return;
    const name = nameOf(event);
    const isHandled = (!isCommand(event) && app.tool.key?.(event)) || run(app, actions, name);
    if (isHandled) event.preventDefault();
  });
  document.addEventListener("keyup", (event) => app.tool.keyUp?.(event));
}

function run(app, actions, name) {
  if (!app.review.current) return name.startsWith("Arrow") && Boolean(app.review.go(0));
  if (/^[1-9]$/.test(name)) {
    app.quickClass(Number(name) - 1);
    return true;
  }
  const action = actions.get(name);
  action?.();
  return Boolean(action);
}

const isCommand = (event) => event.ctrlKey || event.metaKey;

/** Keys that a button or slider with the focus needs itself. */
function isForControl(event) {
  const { target, key } = event;
  if (target.matches("input[type=range]")) return key.startsWith("Arrow") || key === "Home" || key === "End";
  if (target.matches("button, input[type=checkbox], summary")) return key === "Enter" || key === " ";
  return false;
}

function nameOf(event) {
  let name = event.key;
  if (event.shiftKey && (name.length === 1 || name.startsWith("Arrow") || name === "Enter")) {
    name = `Shift+${name}`;
  }
  if (isCommand(event)) name = `Ctrl+${name}`;
  return name;
}

/** The table as a page for people. */
export function helpContent(table) {
  return table.map(([title, rows]) => {
    const section = document.createElement("section");
    const heading = document.createElement("h3");
    heading.textContent = title;
    const list = document.createElement("dl");
    for (const [keys, what] of rows) {
      if (!what) continue;
      const term = document.createElement("dt");
      keys.filter(isShown).forEach((key, n) => {
        const cap = document.createElement("kbd");
        cap.textContent = shownKey(key);
        term.append(n ? " " : "", cap);
      });
      const meaning = document.createElement("dd");
      meaning.textContent = what;
      list.append(term, meaning);
    }
    section.append(heading, list);
    return section;
  });
}

const isShown = (key) => !["Shift+?", "=", "Shift+<", ">"].includes(key);

const shownKey = (key) => key
  .replace("ArrowRight", "→").replace("ArrowLeft", "←")
  .replace("ArrowUp", "↑").replace("ArrowDown", "↓")
  .replace("Shift+>", ">").replace(/^ $/, "Space").replace("Escape", "Esc")
  .replace(/^([a-z])$/, (letter) => letter.toUpperCase()).replace("Ctrl+z", "Ctrl+Z").replace("Ctrl+y", "Ctrl+Y");
