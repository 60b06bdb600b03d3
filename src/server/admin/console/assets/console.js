// What the console shows of the running process, asked for every few seconds while somebody looks.
import { draw, timeOf, timeZone } from "/chart.js";
import { ask, Away, byId, cell, element, empty, exact, moment, number, row, setText } from "/dom.js";
import { showQueue } from "/queue.js";
import { showParseServer, showReadiness } from "/readiness.js";
import { KINDS, REMEDIES, WHY } from "/reasons.js";
import { labelled, showRefusals } from "/refusals.js";

const EVERY_MS = 3_000;
const ANNOUNCE_EVERY_MS = 15_000;
const GOOD = new Set(["current"]);
const NEITHER = new Set(["foreign"]);

let paused = false;
let announcedAt = 0;

const sum = (minutes, key) => minutes.reduce((total, minute) => total + minute[key], 0);
const count = (value) => element("td", { class: "number", text: number.format(value) });

/** Saves that Parse Server refuses although no rule does: the operator has to act. */
function showUndecided({ undecided, minutes }) {
  const lately = sum(minutes, "failed");
  byId("undecided").hidden = lately === 0;
  setText(byId("undecided-title"), `${number.format(lately)} ${lately === 1 ? "call" : "calls"} got no decision in the last hour. Parse Server refuses the saves and functions behind them:`);
  const recent = undecided.filter(({ last_hour }) => last_hour > 0);
  const lines = recent.map(({ reason, last_hour }) => `${number.format(last_hour)} ${reason}: ${REMEDIES[reason] ?? "see the log"}`);
  const listed = [...byId("undecided-kinds").children].map((item) => item.textContent);
  if (lines.join() !== listed.join()) byId("undecided-kinds").replaceChildren(...lines.map((text) => element("li", { text })));
  const rows = undecided.map(({ reason, count: all, last_hour }) =>
    element("tr", {}, element("td", {}, ...labelled(reason, KINDS)), count(last_hour), count(all)),
  );
  byId("kinds").replaceChildren(...(rows.length ? rows : [empty(3, "Every call was decided.")]));
}

function showDecisions({ totals, minutes, reasons, now, started }) {
  for (const key of ["accepted", "refused", "failed"]) {
    setText(byId(`total-${key}`), number.format(totals[key]));
    setText(byId(`hour-${key}`), `${number.format(sum(minutes, key))} in the last hour`);
  }
  setText(byId("started"), moment.format(started * 1000));
  for (const [key, what] of [["accepted", "Accepted"], ["refused", "Refused"], ["failed", "Undecided"]]) {
    const peak = draw(byId(`chart-${key}`), what, minutes.map((minute) => ({ start: minute.start, count: minute[key] })), now);
    setText(byId(`peak-${key}`), peak ? `peak ${number.format(peak)}/min` : "none");
  }
  const why = reasons.map(({ reason, count: refused }) => element("tr", {}, element("td", {}, ...labelled(reason, WHY)), count(refused)));
  byId("reasons").replaceChildren(...(why.length ? why : [empty(2, sum(minutes, "failed") ? "No rule refused anything." : "Nothing was refused.")]));
  const busy = minutes.filter(({ accepted, refused, failed }) => accepted + refused + failed).reverse();
  const rows = busy.map((minute) =>
    element("tr", {}, element("th", { scope: "row", text: timeOf(minute.start) }), ...["accepted", "refused", "failed"].map((key) => count(minute[key]))),
  );
  byId("minutes").replaceChildren(...(rows.length ? rows : [empty(4, "No calls.")]));
}

function showService({ parse_server, public_url, manifests_since }) {
  setText(byId("parse-server"), parse_server ?? "unknown: PARSE_SERVER_URL is not set");
  setText(byId("public-url"), public_url);
  setText(byId("manifests-since"), moment.format(manifests_since * 1000));
}

/** A time as the histogram tells it: that an answer took no longer. */
function latencyText(latency, key) {
  if (!latency) return "–";
  const seconds = latency[key];
  if (seconds === null) return "> 10 s";
  return seconds < 1 ? `≤ ${number.format(seconds * 1000)} ms` : `≤ ${number.format(seconds)} s`;
}

function showHookCounts(hooks) {
  for (const { hook, accepted, refused, latency } of hooks) {
    const found = [...byId("hook-rows").rows].find((candidate) => candidate.dataset.hook === hook);
    if (!found) {
      // Other manifests have been loaded.
      location.reload();
      return;
    }
    setText(found.querySelector(".accepted"), number.format(accepted));
    setText(found.querySelector(".refused"), number.format(refused));
    for (const key of ["median", "p95"]) setText(found.querySelector(`.${key}`), latencyText(latency, key));
  }
}

function announce({ totals }) {
  if (Date.now() - announcedAt < ANNOUNCE_EVERY_MS) return;
  announcedAt = Date.now();
  setText(byId("announcement"), `${totals.accepted} accepted, ${totals.refused} refused`);
}

async function update() {
  try {
    const overview = await ask("/api/overview");
    showUndecided(overview);
    showDecisions(overview);
    showService(overview);
    showHookCounts(overview.hooks);
    showRefusals(overview);
    showQueue(overview.queue);
    announce(overview);
    showReadiness(await ask("/ready"));
    byId("connection").hidden = true;
  } catch (error) {
    if (error instanceof Away) showReadiness(undefined);
    setText(byId("connection"), `${error.message} What is shown may be old.`);
    byId("connection").hidden = false;
  }
}

function stateBadge(state) {
  const kind = GOOD.has(state) ? "good" : NEITHER.has(state) ? "" : "bad";
  return element("span", { class: kind, text: state });
}

function showRegistration(registration) {
  const states = new Map((registration.hooks ?? []).map((hook) => [hook.hook, hook]));
  let wrong = 0;
  for (const hookRow of byId("hook-rows").querySelectorAll("[data-hook]")) {
    const target = hookRow.querySelector(".registration");
    const hook = states.get(hookRow.dataset.hook);
    states.delete(hookRow.dataset.hook);
    if (!hook) {
      const [kind, text] = registration.known ? ["", "called from Cloud Code"] : ["warn", "unknown"];
      target.replaceChildren(element("span", { class: kind, text }));
      continue;
    }
    const isCurrent = hook.state === "current";
    if (!isCurrent) wrong += 1;
    const elsewhere = isCurrent || !hook.registered ? [] : [element("code", { text: hook.registered })];
    target.replaceChildren(element("span", {}, stateBadge(hook.state), " ", ...elsewhere));
  }
  const others = [...states.values()].map(({ hook, state, registered }) =>
    row(
      element("th", { role: "rowheader", scope: "row" }, element("span", { class: "name", text: hook })),
      cell("State", stateBadge(state)),
      cell("URL", element("code", { text: registered })),
    ),
  );
  byId("other-rows").replaceChildren(...others);
  byId("others").hidden = others.length === 0;
  showParseServer(registration.away === true);
  const asked = registration.known ? `Parse Server was asked at ${exact.format(registration.at * 1000)}` : "";
  setText(byId("registration"), !registration.known
    ? `Unknown: ${registration.reason}`
    : wrong
      ? `${asked}: ${wrong} ${wrong === 1 ? "hook is" : "hooks are"} not registered as the manifests say. Run cloudinary-parse register.`
      : `${asked}: all hooks are registered as the manifests say.`);
}

async function askParseServer() {
  byId("ask").disabled = true;
  setText(byId("registration"), "Asking Parse Server…");
  try {
    showRegistration(await ask("/api/registration"));
  } catch (error) {
    showRegistration({ known: false, reason: error.message });
  }
  byId("ask").disabled = false;
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  setText(byId("pause"), paused ? "Resume updates" : "Pause updates");
  if (!paused) update();
});
byId("ask").addEventListener("click", askParseServer);
for (const node of document.querySelectorAll(".time-zone")) node.textContent = timeZone;

async function live() {
  if (!paused && document.visibilityState === "visible") await update();
  setTimeout(live, EVERY_MS);
}
live();
askParseServer();
