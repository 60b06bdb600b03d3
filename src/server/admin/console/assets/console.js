// What the console shows of the running process, asked for every few seconds while somebody looks.
import { draw, timeOf } from "/chart.js";
import { ask, byId, cell, element, empty, exact, number, row, setText } from "/dom.js";
import { showQueue } from "/queue.js";
import { REMEDIES, WHY } from "/reasons.js";

const EVERY_MS = 3_000;
const ANNOUNCE_EVERY_MS = 15_000;
const GOOD = new Set(["current"]);
const NEITHER = new Set(["foreign"]);

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

let paused = false;
let refusals = [];
let announcedAt = 0;

const sum = (minutes, key) => minutes.reduce((total, minute) => total + minute[key], 0);

/** Saves that Parse Server refuses although no rule does: the operator has to act. */
function showUndecided({ undecided, minutes }) {
  const lately = sum(minutes, "failed");
  byId("undecided").hidden = lately === 0;
  setText(byId("undecided-title"), `${number.format(lately)} calls got no decision in the last hour. Parse Server refuses the saves and functions behind them. By kind, since the start:`);
  const kinds = undecided.map(({ reason, count }) => `${number.format(count)} ${reason}: ${REMEDIES[reason] ?? "see the log"}`);
  const shown = [...byId("undecided-kinds").children].map((item) => item.textContent);
  if (kinds.join() !== shown.join()) byId("undecided-kinds").replaceChildren(...kinds.map((text) => element("li", { text })));
}

function showDecisions({ totals, minutes, reasons, now, started }) {
  for (const key of ["accepted", "refused", "failed"]) {
    setText(byId(`total-${key}`), number.format(totals[key]));
    setText(byId(`hour-${key}`), `${number.format(sum(minutes, key))} in the last hour`);
  }
  setText(byId("started"), moment.format(started * 1000));
  for (const [key, what] of [["accepted", "Accepted"], ["refused", "Refused"]]) {
    const peak = draw(byId(`chart-${key}`), what, minutes.map((minute) => ({ start: minute.start, count: minute[key] })), now);
    setText(byId(`peak-${key}`), peak ? `at most ${number.format(peak)}` : "none");
  }
  const why = reasons.map(({ reason, count }) =>
    element("tr", {}, element("td", {}, ...reasonOf(reason)), element("td", { class: "number", text: number.format(count) })),
  );
  byId("reasons").replaceChildren(...(why.length ? why : [empty(2, sum(minutes, "failed") ? "No rule refused anything." : "Nothing was refused.")]));
  const busy = minutes.filter(({ accepted, refused, failed }) => accepted + refused + failed).reverse();
  const rows = busy.map((minute) =>
    element("tr", {}, element("th", { scope: "row", text: timeOf(minute.start) }),
      ...["accepted", "refused", "failed"].map((key) => element("td", { class: "number", text: number.format(minute[key]) }))),
  );
  byId("minutes").replaceChildren(...(rows.length ? rows : [empty(4, "Nothing was decided.")]));
}

function reasonOf(reason) {
  return [element("span", { class: "code-name", text: reason }), ` ${WHY[reason] ?? ""}`];
}

function showHookCounts(hooks) {
  for (const { hook, accepted, refused } of hooks) {
    const found = [...byId("hook-rows").rows].find((candidate) => candidate.dataset.hook === hook);
    if (!found) {
      // Manifests were loaded anew.
      location.reload();
      return;
    }
    setText(found.querySelector(".accepted"), number.format(accepted));
    setText(found.querySelector(".refused"), number.format(refused));
  }
}

function fillFilter(select, values) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const value of values) if (!known.has(value)) select.append(element("option", { value, text: value }));
}

function showRefusals() {
  fillFilter(byId("filter-hook"), new Set(refusals.map(({ hook }) => hook)));
  fillFilter(byId("filter-reason"), new Set(refusals.map(({ reason }) => reason)));
  const [hook, reason] = [byId("filter-hook").value, byId("filter-reason").value];
  const shown = refusals.filter((refusal) => (!hook || refusal.hook === hook) && (!reason || refusal.reason === reason));
  const rows = shown.map((refusal) =>
    row(
      cell("Time", element("time", { datetime: new Date(refusal.at * 1000).toISOString(), text: exact.format(refusal.at * 1000) })),
      cell("Hook", element("span", { class: "name", text: refusal.hook })),
      cell("Field", element("span", { text: refusal.field ?? "–" })),
      cell("Reason", element("span", {}, ...reasonOf(refusal.reason))),
      cell("User", element("span", { class: "code-name", text: refusal.user ?? "–" })),
    ),
  );
  byId("refusal-rows").replaceChildren(...(rows.length ? rows : [empty(5, "None.")]));
  setText(byId("refusals-shown"), hook || reason ? `${shown.length} of ${refusals.length} are shown.` : "");
}

function announce({ totals }) {
  if (Date.now() - announcedAt < ANNOUNCE_EVERY_MS) return;
  announcedAt = Date.now();
  setText(byId("announcement"), `${totals.accepted} accepted, ${totals.refused} refused`);
}

async function showReadiness() {
  const { status } = await ask("/ready");
  const badge = byId("ready");
  setText(badge, status);
  badge.className = `badge ${status === "ready" ? "good" : "bad"}`;
}

async function update() {
  try {
    const overview = await ask("/api/overview");
    showUndecided(overview);
    showDecisions(overview);
    showHookCounts(overview.hooks);
    // Nothing is rebuilt under a reader's cursor without need.
    if (JSON.stringify(overview.refusals) !== JSON.stringify(refusals) || !byId("refusal-rows").rows.length) {
      refusals = overview.refusals;
      showRefusals();
    }
    showQueue(overview.queue);
    announce(overview);
    await showReadiness();
    byId("connection").hidden = true;
  } catch (error) {
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
  const asked = registration.known ? `Parse Server was asked at ${exact.format(registration.at * 1000)}` : "";
  setText(byId("registration"), !registration.known
    ? `Unknown: ${registration.reason}`
    : wrong
      ? `${asked}: ${wrong} not as the manifests say. Run cloudinary-parse register.`
      : `${asked}: all are registered as the manifests say.`);
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
  byId("pause").setAttribute("aria-pressed", paused);
  if (!paused) update();
});
byId("ask").addEventListener("click", askParseServer);
for (const id of ["filter-hook", "filter-reason"]) byId(id).addEventListener("change", showRefusals);

async function live() {
  if (!paused && document.visibilityState === "visible") await update();
  setTimeout(live, EVERY_MS);
}
live();
askParseServer();
