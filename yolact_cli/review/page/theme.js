// Dark or light: as the system has it, until somebody chooses.

const STORAGE = "yolact-review:theme";

export function followTheme() {
  apply(read());
}

/** The other one, kept for the next time. */
export function toggleTheme() {
  const isDark = getComputedStyle(document.documentElement).colorScheme === "dark";
  const chosen = isDark ? "light" : "dark";
  try {
    localStorage.setItem(STORAGE, chosen);
  } catch {
    // Storage is forbidden: it holds until the page is closed.
  }
  apply(chosen);
  return chosen;
}

function read() {
  try {
    return localStorage.getItem(STORAGE);
  } catch {
    return null;
  }
}

function apply(chosen) {
  if (chosen) document.documentElement.dataset.theme = chosen;
}
