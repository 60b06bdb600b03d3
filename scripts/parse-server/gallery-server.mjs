// Serves the sample gallery: static files, the official Parse SDK for browsers, cloudinary-parse/client, and where everything is.
//
//   PARSE_SERVER_URL, PARSE_SERVER_APPLICATION_ID   as the browser is to reach it
//   GALLERY_UPLOAD_URL    where pictures are posted to
//   PORT                  0 (the default) takes a free one
//   RIG_EXIT_WITH_STDIN   1: end when standard input does
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { browserClient } from "./browser-client.mjs";
import { endWithStarter } from "./lifecycle.mjs";

const { PARSE_SERVER_URL, PARSE_SERVER_APPLICATION_ID, GALLERY_UPLOAD_URL, PORT } = process.env;
const HTML = "text/html; charset=utf-8";
const CSS = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

const file = (...parts) => readFileSync(path.join(import.meta.dirname, ...parts));
const settings = { serverUrl: PARSE_SERVER_URL, applicationId: PARSE_SERVER_APPLICATION_ID, uploadUrl: GALLERY_UPLOAD_URL };

const FILES = {
  "/": [HTML, file("gallery/index.html")],
  "/gallery.css": [CSS, file("gallery/gallery.css")],
  "/gallery.js": [SCRIPT, file("gallery/gallery.js")],
  "/parse.js": [SCRIPT, file("node_modules/parse/dist/parse.min.js")],
  "/client.js": [SCRIPT, browserClient()],
  "/settings.json": ["application/json", JSON.stringify(settings)],
};

const server = http.createServer(({ method, url }, response) => {
  const [contentType, body] = (method === "GET" && FILES[url]) || [];
  if (!body) return response.writeHead(404, { "Content-Type": "text/plain" }).end("not found\n");
  response.writeHead(200, { "Content-Type": contentType, "X-Content-Type-Options": "nosniff" }).end(body);
});
server.listen(Number(PORT || 0), "127.0.0.1");
await once(server, "listening");
console.log(`Gallery listening on http://127.0.0.1:${server.address().port}`);
endWithStarter(() => process.exit(0));
