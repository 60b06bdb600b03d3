// Connections that mean no good, held in a process of their own so that they cost the measured calls nothing but what they cost
// the service. Commands come by message: {kind, count, target: {host, port, key}}.
import net from "node:net";

const open = new Set();
const state = { opened: 0, closed: 0, refused: 0, answers: 0 };

const HOOK = "/triggers/Photo/beforeSave";
const head = (key, more = "") =>
  `POST ${HOOK} HTTP/1.1\r\nHost: stress\r\nContent-Type: application/json\r\n${key ? `X-Parse-Webhook-Key: ${key}\r\n` : ""}${more}`;
const request = (key, body) => `${head(key)}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const LARGE = JSON.stringify({ object: { picture: null, text: "x".repeat(60_000) } });

/** What each kind does once it is connected; `again`: it comes back when it is thrown out. */
const KINDS = {
  // As Parse Server leaves them: one call, then nothing.
  idle: { start: (socket, { key }) => socket.write(request(key, '{"object":{}}')) },
  silent: { again: true, start: () => {} },
  "slow head": { again: true, start: (socket) => drip(socket, `POST ${HOOK} HTTP/1.1\r\nHost: stress\r\n${"X-Filler: y\r\n".repeat(200)}`) },
  "slow body, no key": { again: true, start: (socket) => drip(socket, " ".repeat(2000), head("", "Content-Length: 2000\r\n\r\n")) },
  "slow body": { again: true, start: (socket, { key }) => drip(socket, " ".repeat(2000), head(key, "Content-Length: 2000\r\n\r\n")) },
  // Asks a lot and reads nothing of what is answered.
  "slow reader": {
    again: true,
    start: (socket, { key }) => {
      socket.pause();
      const one = request(key, LARGE);
      for (let sent = 0; sent < 20; sent++) socket.write(one);
    },
  },
};

function drip(socket, text, first = "") {
  socket.write(first + text[0]);
  let at = 1;
  const timer = setInterval(() => {
    if (at < text.length && socket.writable) socket.write(text[at++]);
  }, 500);
  socket.once("close", () => clearInterval(timer));
}

function connect(kind, target) {
  const { start, again } = KINDS[kind];
  const socket = net.connect(target.port, target.host);
  let gone = false;
  open.add(socket);
  socket.once("connect", () => {
    state.opened++;
    start(socket, target);
  });
  socket.on("data", () => state.answers++);
  socket.on("error", () => {});
  socket.once("close", () => {
    gone = true;
    open.delete(socket);
    state.closed++;
    if (again && !stopping) setTimeout(() => stopping || connect(kind, target), 1_000 + Math.random() * 2_000);
  });
  return () => gone;
}

let stopping = false;

process.on("message", async ({ command, kind, count, target }) => {
  if (command === "attack") {
    stopping = false;
    // In batches: a listener's queue is short.
    for (let done = 0; done < count; done += 250) {
      for (let n = 0; n < Math.min(250, count - done); n++) connect(kind, target);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    process.send({ done: "attack", ...state, open: open.size });
  } else if (command === "state") {
    process.send({ done: "state", ...state, open: [...open].filter((socket) => !socket.connecting).length });
  } else if (command === "stop") {
    stopping = true;
    for (const socket of open) socket.destroy();
    open.clear();
    Object.assign(state, { opened: 0, closed: 0, refused: 0, answers: 0 });
    setTimeout(() => process.send({ done: "stop" }), 300);
  }
});
process.on("disconnect", () => process.exit());
