// What an app does: sign up, have an upload signed, upload, save. And the bare REST API, for what no SDK can say.
import { crc32, deflateSync } from "node:zlib";
import { v2 as cloudinary } from "cloudinary";
import Parse from "parse/node";
import { ACCOUNT, PARSE } from "./stack.mjs";

export { cloudinary, Parse };

/** Points the official SDK at a Parse Server. */
export function useParseServer(url) {
  Parse.initialize(PARSE.appId, undefined, PARSE.masterKey);
  Parse.serverURL = url;
}

/**
 * One REST request.
 * @param {string} url of Parse Server
 * @param {string} method
 * @param {string} path below the URL
 * @param {{body?: unknown, text?: string, session?: string, master?: boolean, context?: object, headers?: object}} [options]
 *   `text`: the body as it is to go over the wire
 * @returns {Promise<{status: number, text: string, json: any}>}
 */
export async function rest(url, method, path, { body, text, session, master, context, headers } = {}) {
  const response = await fetch(url + path, {
    method,
    body: text ?? (body === undefined ? undefined : JSON.stringify(body)),
    headers: {
      "Content-Type": "application/json",
      // Parse Server destroys the connection of a 5xx answer, which must not hit the next request.
      Connection: "close",
      "X-Parse-Application-Id": PARSE.appId,
      ...(session && { "X-Parse-Session-Token": session }),
      ...(master && { "X-Parse-Master-Key": PARSE.masterKey }),
      ...(context && { "X-Parse-Cloud-Context": JSON.stringify(context) }),
      ...headers,
    },
  });
  const answer = await response.text();
  return {
    status: response.status,
    text: answer,
    get json() {
      return JSON.parse(answer);
    },
  };
}

/** How many rows a class has, read with the master key: on PostgreSQL Parse Server's own `count` of a whole class is an estimate. */
export async function countRows(url, className) {
  const answer = await rest(url, "GET", `/classes/${className}?keys=objectId&limit=10000`, { master: true });
  return answer.json.results.length;
}

/** Signs up a user with a name of its own. */
export async function signUp(name, attributes = {}) {
  const user = new Parse.User({ username: `${name}-${Math.random().toString(36).slice(2)}`, password: "a password", ...attributes });
  await user.signUp();
  return user;
}

/**
 * Uploads a file with the fields that the sign function answered.
 * @param {string} apiUrl `https://api.cloudinary.com` or the double's
 * @returns {Promise<object>} what Cloudinary answers
 */
export async function upload(apiUrl, cloudName, fields, bytes, resourceType = "image") {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob([bytes]), "picture.png");
  const response = await fetch(`${apiUrl}/v1_1/${cloudName}/${resourceType}/upload`, { method: "POST", body: form });
  const answer = await response.json();
  if (!response.ok) throw new Error(`Cloudinary answers ${response.status}: ${answer.error.message}`);
  return answer;
}

/** The text that an app saves: what Cloudinary answered, with its signature. */
export function identifier({ resource_type, type, version, public_id, format, signature }) {
  return `${resource_type}/${type}/v${version}/${public_id}${format ? `.${format}` : ""}#${signature}`;
}

/** What is stored of it. */
export function bare(text) {
  return text.replace(/#.*$/, "");
}

/** An identifier as if of a new upload, signed by the official SDK: for tests that need many. */
export function mintIdentifier(publicId, version = Math.floor(Date.now() / 1000)) {
  const signature = cloudinary.utils.api_sign_request({ public_id: publicId, version }, ACCOUNT.api_secret, "sha1", 1);
  return identifier({ resource_type: "image", type: "upload", version, public_id: publicId, format: "jpg", signature });
}

/** A PNG that is blue above and green below. */
export function picture(width = 320, height = 240) {
  const row = (y) => Buffer.concat([Buffer.of(0), Buffer.alloc(width * 3, y < height / 2 ? Buffer.of(52, 120, 200) : Buffer.of(70, 150, 80))]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const rows = deflateSync(Buffer.concat(Array.from({ length: height }, (_, y) => row(y))));
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}
