// Cloudinary's double behind a proxy that fails as it is told to, and keeps what was sent.
import http from "node:http";
import { startCloudinaryDouble } from "../../../scripts/parse-server/stack.mjs";
import { startServerThat } from "../../e2e/support/tampering-proxy.mjs";

/**
 * @param {string} folder for the double's log
 * @returns {Promise<{cloudinaryUrl: string, url: string, calls: object[], faults: object[], output: () => string, stop: () => Promise<void>}>}
 *   `calls`: the headers of every POST; `faults`: what is done to the next ones: `{}` nothing, `{ reset: true }` no connection,
 *   `{ reading }` nothing more is read until that promise is kept, `{ lost: true }` the answer does not arrive, `{ hang }` it never comes and `hang()` is called, `{ status, body }` another answer
 */
export async function startFaultyCloudinary(folder) {
  const double = await startCloudinaryDouble(folder);
  const calls = [];
  const faults = [];
  const proxy = await startServerThat(async (request, response) => {
    if (request.method !== "POST") return forward(double.url, request, response);
    calls.push(request.headers);
    const { reset, reading, lost, hang, status, body } = faults.shift() ?? {};
    await reading;
    if (reset) return request.socket.destroy();
    if (lost) return forward(double.url, request, undefined, () => request.socket.destroy());
    request.on("error", () => {});
    if (hang) return request.resume().on("end", hang);
    if (status === undefined) return forward(double.url, request, response);
    request.resume().on("end", () => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      response.writeHead(status, { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" }).end(text);
    });
  });
  return {
    cloudinaryUrl: double.cloudinaryUrl.replaceAll(encodeURIComponent(double.url), encodeURIComponent(proxy.url)),
    url: proxy.url,
    calls,
    faults,
    output: double.output,
    async stop() {
      proxy.stop();
      await double.stop();
    },
  };
}

function forward(target, request, response, lost) {
  const { method, headers, url } = request;
  const onward = http.request(target + url, { method, headers }, (answer) => {
    if (lost) return answer.resume().on("end", lost);
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  // A client that aborts must not end the test.
  onward.on("error", () => request.socket.destroy());
  request.on("error", () => onward.destroy());
  request.pipe(onward);
}
