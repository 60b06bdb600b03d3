// How many cores so many saves a second take, from what one save was measured to cost, and a simulation of the queues: waiting times
// and connections where the cores are that many.
//
//   node capacity.mjs --parse-server 2500 --service 80 --database 600      CPU microseconds a save
//
// Saves come at random (Poisson), singly or in batches. A Parse Server process is one thread with a queue: half of its work lies before
// the hook, half after. A connection belongs to one core of the service, with a queue of its own. All work times are exponential, so more
// irregular than real ones. The calls of a batch go out together, as was measured. The network and the wait for the database take no time: what is shown is the queues alone.
import { parseArgs } from "node:util";
import { quantile, table } from "./usage.mjs";

const UTILISATION = 0.6;
const BATCH = 50;
/** Simulated saves at most. */
const SAVES = 500_000;
const LONGEST_S = 60;

const { values: options } = parseArgs({
  options: { "parse-server": { type: "string" }, service: { type: "string" }, database: { type: "string" } },
});
const cost = Object.fromEntries(Object.entries(options).map(([who, microseconds]) => [who, Number(microseconds) / 1e6]));

/** Deterministic, so that two runs print the same (mulberry32). */
let state = 1;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const exponential = (mean) => -mean * Math.log(1 - random());

/** What is due next: a binary heap of [time, action, save]. */
class Agenda {
  events = [];

  add(event) {
    const { events } = this;
    let i = events.push(event) - 1;
    for (let up; i > 0 && events[(up = (i - 1) >> 1)][0] > event[0]; i = up) events[i] = events[up];
    events[i] = event;
  }

  next() {
    const { events } = this;
    const [first] = events;
    const last = events.pop();
    for (let i = 0, child; events.length; i = child) {
      child = 2 * i + 1;
      if (child + 1 < events.length && events[child + 1][0] < events[child][0]) child++;
      if (child >= events.length || events[child][0] >= last[0]) {
        events[i] = last;
        break;
      }
      events[i] = events[child];
    }
    return first;
  }
}

/** One thread: when a piece of work that is handed in now is done. */
class Thread {
  freeAt = 0;

  finish(now, work) {
    this.freeAt = Math.max(now, this.freeAt) + work;
    return this.freeAt;
  }
}

function simulate(rate, processes, cores, batch) {
  const seconds = Math.min(LONGEST_S, SAVES / rate);
  const servers = Array.from({ length: processes }, () => Object.assign(new Thread(), { open: 0, most: 0 }));
  const threads = Array.from({ length: cores }, () => new Thread());
  const [saveTimes, hookTimes] = [[], []];
  const agenda = new Agenda();
  agenda.add([exponential(batch / rate), "arrive"]);
  while (agenda.events.length) {
    const [now, what, save] = agenda.next();
    if (what === "arrive") {
      if (now > seconds) continue;
      agenda.add([now + exponential(batch / rate), "arrive"]);
      const at = Math.floor(random() * processes);
      let called;
      for (let i = 0; i < batch; i++) called = servers[at].finish(now, exponential(cost["parse-server"] / 2));
      for (let i = 0; i < batch; i++) agenda.add([called, "call", { at, since: now }]);
    } else if (what === "call") {
      const server = servers[save.at];
      server.most = Math.max(server.most, ++server.open);
      agenda.add([threads[save.at % cores].finish(now, exponential(cost.service)), "answer", { ...save, called: now }]);
    } else {
      const server = servers[save.at];
      server.open--;
      // The start finds empty queues.
      if (save.since < seconds / 5) continue;
      hookTimes.push(now - save.called);
      saveTimes.push(server.finish(now, exponential(cost["parse-server"] / 2)) - save.since);
    }
  }
  return { saveTimes, hookTimes, most: quantile(servers.map((server) => server.most), 1) };
}

const ms = (values, q) => (quantile(values, q) * 1000).toFixed(q < 0.9 ? 2 : 1);
const rows = [];
for (const rate of [1_000, 100_000, 1_000_000]) {
  const needed = (who) => Math.max(1, Math.ceil((rate * cost[who]) / UTILISATION));
  for (const batch of [1, BATCH]) {
    const sizes = [needed("parse-server"), needed("service"), needed("database")];
    // A process must see many batches, which so many processes do not within the simulated saves.
    if (batch > 1 && rate > 100_000) continue;
    const { saveTimes, hookTimes, most } = simulate(rate, sizes[0], sizes[1], batch);
    rows.push([rate, batch, ...sizes, ms(hookTimes, 0.5), ms(hookTimes, 0.99), ms(saveTimes, 0.5), ms(saveTimes, 0.99), most]);
  }
}
console.log(
  table(
    ["saves/s", "objects a request", "Parse Server cores", "service cores", "database cores", "hook p50 ms", "hook p99 ms", "save p50 ms", "save p99 ms", "connections a process, most"],
    rows,
  ),
);
