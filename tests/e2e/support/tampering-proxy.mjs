// A proxy that changes answers: clocks that are wrong, versions that do not exist, servers in the way.
import { once } from "node:events";
import http from "node:http";

/**
 * Starts a server whose answers `answer` makes.
 * @param {(request: http.IncomingMessage, response: http.ServerResponse) => unknown} answer
 */
export async function startServerThat(answer) {
  const server = http.createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * Starts a proxy before `target`.
 * @param {string | ((path: string) => string)} target base URL, the same for all requests or by their path
 * @param {(answer: {status: number, headers: object, body: string}, path: string, method: string) => unknown} tamper changes an answer, or
 *   something else while it is on its way
 */
export function startProxy(target, tamper = () => {}) {
  return startServerThat(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { host: _, "content-length": __, "transfer-encoding": ___, ...headers } = request.headers;
    // Parse Server closes a connection whose body it did not read: no later request of the test's is to go over one.
    headers.connection = "close";
    const body = chunks.length ? Buffer.concat(chunks) : undefined;
    const base = typeof target === "string" ? target : target(request.url);
    const given = await fetch(base + request.url, { method: request.method, headers, body, redirect: "manual" });
    const answer = {
      status: given.status,
      headers: { "Content-Type": given.headers.get("content-type") ?? "text/plain", Date: given.headers.get("date") },
      body: await given.text(),
    };
    await tamper(answer, request.url, request.method);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
}

/** A `Date` header that is so many seconds off. */
export function dateOff(seconds) {
  return new Date(Date.now() + seconds * 1000).toUTCString();
}
