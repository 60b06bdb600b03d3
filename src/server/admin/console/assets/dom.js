/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element. Text is set as text: nothing that a server or a user said is ever read as HTML.
 * @param {string} name
 * @param {object} [properties] attributes; `text` is its text
 * @param {...Node} children
 */
export function element(name, { text, ...attributes } = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** Replaces text only where it differs, so that screen readers are not told what they know. */
export function setText(node, text) {
  if (node.textContent !== String(text)) node.textContent = text;
}

const TIMEOUT_MS = 15_000;

/** The service does not answer. */
export class Away extends Error {
  constructor() {
    super("cloudinary-parse does not answer.");
  }
}

/**
 * Asks the console's API.
 * @param {string} path
 * @param {object} [input] sent as JSON
 * @throws {Error} with the text to show
 */
export async function ask(path, input) {
  const request = input && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(input) };
  let response;
  try {
    response = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS), ...request });
  } catch {
    throw new Away();
  }
  if (response.status === 401) {
    location.reload();
    throw new Error("The session has ended.");
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok && response.status !== 503) throw new Error(answer.error ?? `cloudinary-parse answers ${response.status}.`);
  return answer;
}

/** Numbers and times as the reader writes them. */
export const number = new Intl.NumberFormat();
export const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
export const exact = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A cell of a table that becomes cards on narrow screens, where its label stands beside it. */
export function cell(label, content, classes = "") {
  const made = element("td", { role: "cell", "data-label": label, ...(classes && { class: classes }) });
  made.append(content);
  return made;
}

/** A row of such a table. */
export function row(...cells) {
  return element("tr", { role: "row" }, ...cells);
}

/** The only row of a table without any. */
export function empty(columns, text) {
  return row(element("td", { role: "cell", colspan: columns, class: "note", text }));
}
