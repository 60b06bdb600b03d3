// Calls as Parse Server makes them: keep-alive, chunked, as many sockets as calls in flight.
import { createHash } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { performance } from "node:perf_hooks";

const HOOK = "/triggers/Photo/beforeSave";

/** A save with a picture that Cloudinary signed, and what must be answered to it. */
export function save(secret, filler = "") {
  const version = Math.floor(Date.now() / 1000);
  const signature = createHash("sha1").update(`public_id=cat&version=${version}${secret}`).digest("hex");
  const picture = `image/upload/v${version}/cat.jpg`;
  const object = { title: "stress", filler, picture: `${picture}#${signature}` };
  return {
    body: JSON.stringify({ triggerName: "beforeSave", object, master: false }),
    expected: JSON.stringify({ success: { ...object, picture } }),
  };
}

/** One that must be refused. */
export function forged() {
  const picture = `image/upload/v1/cat.jpg#${"0".repeat(40)}`;
  return { body: JSON.stringify({ object: { picture } }), expected: '{"error":"Bad signature"}' };
}

export const newAgent = () => new http.Agent({ keepAlive: true, maxSockets: Infinity });

/** Resolves with how long the call took in milliseconds and what is wrong with its answer, if anything. */
export function call(target, agent, { body, expected }) {
  const started = performance.now();
  return new Promise((resolve) => {
    const done = (wrong) => resolve({ ms: performance.now() - started, wrong });
    const headers = { "Content-Type": "application/json", "X-Parse-Webhook-Key": target.key };
    const request = http.request({ ...target, agent, method: "POST", path: HOOK, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part) => (text += part));
      response.on("end", () => done(response.statusCode === 200 && text === expected ? null : `${response.statusCode} ${text.slice(0, 100)}`));
      response.on("error", (error) => done(error.message));
    });
    request.on("error", (error) => done(error.message));
    request.write(body.slice(0, 20));
    request.end(body.slice(20));
  });
}

/**
 * Bursts of 50 calls at a time, on connections that stay, and before every fifth burst on new ones.
 * @returns {Promise<{p50: number, p99: number, calls: number, wrong: string[]}>}
 */
export async function bursts(target, secret, count) {
  let agent = newAgent();
  const results = [];
  for (let burst = 0; burst < count; burst++) {
    if (burst % 5 === 0) {
      agent.destroy();
      agent = newAgent();
    }
    const cases = Array.from({ length: 50 }, (_, index) => (index % 10 === 0 ? forged() : save(secret)));
    results.push(...(await Promise.all(cases.map((one) => call(target, agent, one)))));
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  agent.destroy();
  const times = results.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
  return { p50: at(0.5), p99: at(0.99), calls: times.length, wrong: results.map(({ wrong }) => wrong).filter(Boolean) };
}

/** Sends bytes on a connection of its own and resolves with everything that comes back until it ends. */
export function raw(target, parts, { pause = 0 } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect(target.port, target.host);
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (part) => (text += part));
    socket.on("error", () => {});
    socket.once("close", () => resolve(text));
    socket.once("connect", async () => {
      for (const part of parts) {
        if (!socket.writable) break;
        socket.write(part);
        if (pause) await new Promise((next) => setTimeout(next, pause));
      }
    });
    socket.setTimeout(30_000, () => socket.destroy());
  });
}

/** A request in one piece, chunked or with its length, that asks for the connection to end. */
export function whole(target, body, { chunked = false, close = true } = {}) {
  const head = `POST ${HOOK} HTTP/1.1\r\nHost: stress\r\nContent-Type: application/json\r\nX-Parse-Webhook-Key: ${target.key}\r\n${close ? "Connection: close\r\n" : ""}`;
  if (!chunked) return [`${head}Content-Length: ${body.length}\r\n\r\n`, body];
  const parts = [`${head}Transfer-Encoding: chunked\r\n\r\n`];
  for (let at = 0; at < body.length; at += 65536) {
    const piece = body.slice(at, at + 65536);
    parts.push(`${piece.length.toString(16)}\r\n${piece}\r\n`);
  }
  return [...parts, "0\r\n\r\n"];
}
