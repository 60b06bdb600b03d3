// The way to the service: one POST, its whole answer within a time limit, no redirects.
"use strict";

const http = require("node:http");
const https = require("node:https");

const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

class Service {
  /** `timeout` in milliseconds, for the whole call. */
  constructor({ url, webhookKey, timeout }) {
    const base = parse(url);
    if (base === undefined) throw new TypeError("cloudinaryParse expects url as an http or https URL without a query");
    this.base = base;
    this.transport = base.startsWith("https:") ? https : http;
    this.agent = new this.transport.Agent({ keepAlive: true });
    this.webhookKey = webhookKey;
    this.timeout = timeout;
  }

  /** Posts JSON to a path below the URL. */
  post(path, json) {
    const body = Buffer.from(json);
    const options = {
      method: "POST",
      agent: this.agent,
      headers: {
        "Content-Type": "application/json",
        "Content-Length": body.length,
        "X-Parse-Webhook-Key": this.webhookKey,
      },
    };
    return new Promise((resolve, reject) => {
      let current;
      let settled = false;
      const settle = (how, value) => {
        settled = true;
        clearTimeout(timer);
        how(value);
      };
      const timer = setTimeout(() => {
        settle(reject, new Error(`no answer within ${this.timeout} ms`));
        current.destroy();
      }, this.timeout);
      const attempt = () => {
        const request = this.transport.request(`${this.base}/${path}`, options);
        current = request;
        let answered = false;
        request.on("error", (error) => {
          if (settled) return;
          // The server closed a connection while it was idle: it has not seen this request.
          if (request.reusedSocket && !answered && ["ECONNRESET", "EPIPE"].includes(error.code)) attempt();
          else settle(reject, error.message ? error : new Error(error.code ?? "no connection", { cause: error }));
        });
        request.on("response", (response) => {
          answered = true;
          readWhole(response).then(
            (whole) => settle(resolve, { status: response.statusCode, headers: response.headers, body: whole }),
            (error) => settle(reject, error),
          );
        });
        request.end(body);
      };
      attempt();
    });
  }
}

/** The base URL without slashes at its end, credentials kept. */
function parse(url) {
  try {
    const { protocol, search, hash, href } = new URL(url);
    return ["http:", "https:"].includes(protocol) && !search && !hash ? href.replace(/\/+$/, "") : undefined;
  } catch {
    return undefined;
  }
}

async function readWhole(response) {
  const chunks = [];
  let length = 0;
  for await (const chunk of response) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

module.exports = { Service };
