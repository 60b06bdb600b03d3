// The last refusals: a row each, which opens.
import { copyButton } from "/copy.js";
import { byId, cell, element, empty, exact, row, setText } from "/dom.js";
import { WHY } from "/reasons.js";

const COLUMNS = 6;

/** What is shown, the newest first: each refusal with its row and the row of its details. */
let shown = [];
/** When the service started that numbered them. */
let numberedSince;

/** A label and what it means. */
export function labelled(label, meanings) {
  return [element("span", { class: "code-name", text: label }), ` ${meanings[label] ?? ""}`];
}

/** A link that fills in the inspector. */
function inspectorLink({ identifier, user }) {
  const input = new URLSearchParams({ identifier, ...(user && { user }) });
  return element("a", { href: `#inspect?${input}`, text: "Inspect it" });
}

function detailsOf(refusal) {
  const { message, request, identifier } = refusal;
  const facts = [["The app got", element("code", { text: message }), copyButton(message, "the message")]];
  if (request) facts.push(["Request in the log", element("code", { text: `request=${request}` }), copyButton(request, "the request id")]);
  if (identifier) facts.push(["Identifier, without its signature", element("code", { text: identifier }), copyButton(identifier, "the identifier"), inspectorLink(refusal)]);
  const pairs = facts.map(([name, ...parts]) => element("div", {}, element("dt", { text: name }), element("dd", {}, ...parts)));
  return element("dl", { class: "facts" }, ...pairs);
}

function rowsOf(refusal) {
  const { number, at, hook, field, reason, user } = refusal;
  const time = exact.format(at * 1000);
  const id = `refusal-${number}`;
  const button = element("button", { type: "button", "aria-expanded": "false", "aria-controls": id, "aria-label": `Details of the refusal at ${time}`, text: "Details" });
  const summary = row(
    cell("Time", element("time", { datetime: new Date(at * 1000).toISOString(), text: time })),
    cell("Hook", element("span", { class: "name", text: hook })),
    cell("Field", element("span", { text: field ?? "–" })),
    cell("Reason", element("span", {}, ...labelled(reason, WHY))),
    cell("User", element("span", { class: "code-name", text: user ?? "–" })),
    cell("", button),
  );
  const details = row(element("td", { role: "cell", colspan: COLUMNS, class: "details" }, detailsOf(refusal)));
  details.id = id;
  details.hidden = true;
  button.addEventListener("click", () => {
    details.hidden = !details.hidden;
    button.setAttribute("aria-expanded", !details.hidden);
  });
  return { refusal, summary, details, isOpen: () => button.getAttribute("aria-expanded") === "true" };
}

function fillFilter(select, values) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const value of values) if (!known.has(value)) select.append(element("option", { value, text: value }));
}

function filter() {
  const [hook, reason, user] = ["filter-hook", "filter-reason", "filter-user"].map((id) => byId(id).value.trim());
  let count = 0;
  for (const { refusal, summary, details, isOpen } of shown) {
    const fits = (!hook || refusal.hook === hook) && (!reason || refusal.reason === reason) && (!user || (refusal.user ?? "").includes(user));
    summary.hidden = !fits;
    details.hidden = !fits || !isOpen();
    if (fits) count += 1;
  }
  byId("no-refusals")?.remove();
  if (!count) {
    const none = empty(COLUMNS, "None.");
    none.id = "no-refusals";
    byId("refusal-rows").append(none);
  }
  setText(byId("refusals-shown"), hook || reason || user ? `Showing ${count} of ${shown.length}.` : "");
}

/** Adds the new ones and drops the oldest. The others stay as they are: one may be open, selected or focused. */
export function showRefusals({ started, refusals }) {
  if (started !== numberedSince) {
    for (const { summary, details } of shown.splice(0)) [summary, details].forEach((node) => node.remove());
    numberedSince = started;
  }
  const newest = shown[0]?.refusal.number ?? 0;
  const added = refusals.filter(({ number }) => number > newest).map(rowsOf);
  const oldest = refusals.at(-1)?.number ?? 0;
  const dropped = shown.filter(({ refusal }) => refusal.number < oldest);
  for (const { summary, details } of dropped) [summary, details].forEach((node) => node.remove());
  byId("refusal-rows").prepend(...added.flatMap(({ summary, details }) => [summary, details]));
  shown = [...added, ...shown.filter((kept) => !dropped.includes(kept))];
  fillFilter(byId("filter-hook"), new Set(refusals.map(({ hook }) => hook)));
  fillFilter(byId("filter-reason"), new Set(refusals.map(({ reason }) => reason)));
  if (added.length || dropped.length || !byId("refusal-rows").rows.length) filter();
}

for (const id of ["filter-hook", "filter-reason", "filter-user"]) byId(id).addEventListener("input", filter);
