// Dark or light: as the system has it, until somebody chooses.

const STORAGE = "yolact-review:theme";

export function followTheme() {
  apply(read());
}

/** The other one, kept for the next time. */
export function toggleTheme() {
  const ofSystem = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const now = document.documentElement.dataset.theme ?? ofSystem;
  const chosen = now === "dark" ? "light" : "dark";
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
