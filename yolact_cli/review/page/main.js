// The page: fetches the queue, and joins what is shown with what is done.

import { App } from "./app.js";
import { Messages } from "./messages.js";
import { Review } from "./review.js";
import { getJson } from "./server.js";
import { followTheme } from "./theme.js";

const byId = (id) => document.getElementById(id);

followTheme();
const messages = new Messages({
  polite: byId("polite"), urgent: byId("urgent"), banner: byId("banner"), quiet: byId("quiet"),
});

try {
  const start = await getJson("api/queue");
  const app = new App(new Review(start, messages), messages);
  await app.start();
} catch (error) {
  messages.hold(`The page cannot be shown: ${error.message}`);
  throw error;
}
