// Whether the service can do its work: the badge, and what stops it.
import { byId, element, setText } from "/dom.js";

const NAMES = { listener: "Listener", queue: "Queue", parse_server: "Parse Server", cloudinary: "Cloudinary" };

/** Whether Parse Server was away when it was last asked for its hooks. */
let parseServerAway = false;
let readiness;

function badge(text, kind) {
  setText(byId("ready"), text);
  byId("ready").className = `badge ${kind}`;
}

function show() {
  const troubles = Object.entries(readiness?.checks ?? {}).filter(([, state]) => state !== "ok");
  const lines = troubles.map(([check, trouble]) => `${NAMES[check] ?? check}: ${trouble}`);
  const list = byId("not-ready-checks");
  const listed = [...list.children].map((item) => item.textContent);
  if (lines.join() !== listed.join()) list.replaceChildren(...lines.map((text) => element("li", { text })));
  byId("not-ready").hidden = lines.length === 0;
  if (!readiness) badge("no answer", "bad");
  else if (lines.length) badge(`not ready: ${troubles.map(([check]) => NAMES[check] ?? check).join(", ")}`, "bad");
  else if (parseServerAway) badge("ready, but Parse Server is away", "warn");
  else badge(readiness.status, readiness.status === "ready" ? "good" : "bad");
}

/** Shows the answer of `/ready`; without one the service is away. */
export function showReadiness(answer) {
  readiness = answer;
  show();
}

/** Shows whether Parse Server answered when it was asked for its hooks. */
export function showParseServer(isAway) {
  parseServerAway = isAway;
  if (readiness) show();
}
