// The queue of what is to be destroyed, where there is one.
import { ask, byId, cell, element, empty, exact, number, row, setText } from "/dom.js";

const NAMES = { waiting: "Waiting", due: "Due", dead: "Given up" };

/** Shows the counts; the jobs themselves only on demand. */
export function showQueue(queue) {
  byId("queue").hidden = byId("queue-link").hidden = !queue;
  if (!queue) return;
  const tiles = Object.entries(queue.jobs).map(([state, count]) =>
    element("div", {}, element("dt", { text: NAMES[state] ?? state }), element("dd", { text: number.format(count) })),
  );
  byId("queue-counts").replaceChildren(...tiles);
  const troubles = queue.troubles.map(([check, text]) => `${check}: ${text}`).join("\n");
  const shown = byId("queue-troubles");
  if (shown.innerText === troubles) return;
  shown.replaceChildren(...(troubles ? troubles.split("\n").map((text) => element("p", { class: "problem", text })) : []));
}

function jobRow({ run_at, state, what, tries, error }) {
  const kind = state === "dead" ? "bad" : state === "failed" ? "warn" : "";
  const job = element("span", {}, what ?? "not readable", ...(error ? [element("span", { class: "note", text: ` ${error}` })] : []));
  return row(
    cell("Time", element("time", { datetime: new Date(run_at * 1000).toISOString(), text: exact.format(run_at * 1000) })),
    cell("State", element("span", { class: kind, text: state })),
    cell("Job", job),
    cell("Tries", number.format(tries), "number"),
  );
}

async function showJobs() {
  byId("list").disabled = true;
  try {
    const { known, reason, all, jobs } = await ask("/api/queue");
    if (!known) throw new Error(reason);
    byId("job-rows").replaceChildren(...(jobs.length ? jobs.map(jobRow) : [empty(4, "None.")]));
    byId("jobs").hidden = false;
    setText(byId("jobs-note"), all > jobs.length ? `The first ${jobs.length} of ${number.format(all)} jobs.` : "");
  } catch (error) {
    setText(byId("jobs-note"), error.message);
  }
  byId("list").disabled = false;
}

byId("list").addEventListener("click", showJobs);
