// Talking to the server. What it refuses becomes an error with its own sentence.

export class Refused extends Error {
  constructor(status, { problem, remedy }) {
    super([problem, remedy].filter(Boolean).join(" "));
    this.status = status;
  }
}

export async function getJson(path) {
  return (await answered(await fetch(path))).json();
}

export async function getBlob(path) {
  return (await answered(await fetch(path))).blob();
}

export async function postJson(path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  return (await answered(response)).json();
}

async function answered(response) {
  if (response.ok) return response;
  const text = await response.text();
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    told = { problem: text || `The server answered ${response.status}.` };
  }
  throw new Refused(response.status, told);
}

/** A name that no other act has. */
export const newKey = () => hexDigits(16);

/** A name for a new object. */
export const newUid = () => hexDigits(6);

function hexDigits(bytes) {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
