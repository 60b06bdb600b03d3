// What every end-to-end test file needs: one stack of real servers, and words for what is asked of it.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cloudinary, countRows, identifier, picture, rest, upload, useParseServer } from "../../../scripts/parse-server/client.mjs";
import { ACCOUNT, startService, startStack } from "../../../scripts/parse-server/stack.mjs";

export { bare, cloudinary, identifier, mintIdentifier, Parse, picture, rest, signUp, upload } from "../../../scripts/parse-server/client.mjs";
export { ACCOUNT, PARSE } from "../../../scripts/parse-server/stack.mjs";

/** The major version of the Parse Server under test. */
export const VERSION = Number(process.env.RIG_PARSE_SERVER || 9);

/** The database under it: `postgres` or `mongodb`. */
export const DATABASE = process.env.RIG_DATABASE || "postgres";

/**
 * Starts a stack before the file's tests and ends it after them.
 * @param {object} [options] see `startStack`; `classes`: fields by class name, created with the master key;
 *   `prepare`: what else is to be done before the tests (Node 20 does not await one `before` before the next)
 * @returns {object} filled in when the tests run
 */
export function useStack({ classes = {}, prepare, ...options } = {}) {
  const stack = {
    /** One REST request to its Parse Server. */
    rest: (method, path, request) => rest(stack.parseServer.url, method, path, request),
  };
  before(async () => {
    Object.assign(stack, await startStack(options));
    useParseServer(stack.parseServer.url);
    for (const [name, fields] of Object.entries(classes)) await createClass(stack, name, fields);
    await prepare?.();
  });
  after(() => stack.stop?.());
  return stack;
}

/** Newer Parse Servers let no client create a class. */
export async function createClass(stack, name, fields, options = {}) {
  const typed = Object.entries(fields).map(([field, type]) => [field, typeof type === "string" ? { type } : type]);
  const body = { className: name, fields: Object.fromEntries(typed), ...options };
  const answer = await stack.rest("POST", `/schemas/${name}`, { master: true, body });
  assert.equal(answer.status, 200, answer.text);
}

/** Creates an object and returns its id. */
export async function create(stack, className, body, options = { master: true }) {
  const answer = await stack.rest("POST", `/classes/${className}`, { body, ...options });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.objectId;
}

/** Updates an object and returns the answer's JSON. */
export async function update(stack, className, id, body, options = { master: true }) {
  const answer = await stack.rest("PUT", `/classes/${className}/${id}`, { body, ...options });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** The stored row, read with the master key. */
export async function row(stack, className, id) {
  const answer = await stack.rest("GET", `/classes/${className}/${id}`, { master: true });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** How many rows a class has. */
export function count(stack, className) {
  return countRows(stack.parseServer.url, className);
}

/** Asserts that a REST answer is a refusal of the hook with exactly this text. */
export function assertRefused(answer, text) {
  assert.equal(answer.status, 400, answer.text);
  assert.deepEqual(answer.json, { code: 141, error: text });
}

/** Context mode: a bare identifier goes with its signature beside it. */
export function contextFor(field, signed) {
  return { cloudinary: { [field]: signed.split("#")[1] } };
}

/** Waits until `holds` answers something true, and answers that. */
export async function until(what, holds, seconds = 40) {
  for (const deadline = Date.now() + seconds * 1000; ; await sleep(100)) {
    const answer = await holds();
    if (answer) return answer;
    assert.ok(Date.now() < deadline, `not within ${seconds} s: ${what}`);
  }
}

/** Ends the service and starts it anew at the same address, with other variables. */
export async function restartService(stack, variables = {}, signal = "SIGTERM") {
  const { service } = stack;
  assert.equal(await service.stop(signal), signal === "SIGTERM" ? 0 : null, service.output());
  const env = { ...service.env, CLOUDINARY_PARSE_BIND: new URL(service.url).host, ...variables };
  stack.service = await startService({ folder: stack.folder, env });
}

/** What `/ready` says: its HTTP status and its checks. */
export async function readiness(stack) {
  const answer = await fetch(`${stack.service.adminUrl}/ready`);
  const { checks } = await answer.json();
  return { status: answer.status, checks };
}

function signed(fields) {
  const complete = { ...fields, timestamp: Math.floor(Date.now() / 1000) };
  const signature = cloudinary.utils.api_sign_request(complete, ACCOUNT.api_secret);
  return { ...complete, api_key: ACCOUNT.api_key, signature };
}

/** Uploads a picture under a public ID of one's own, and answers what Cloudinary does. */
export function put(stack, publicId, bytes = picture()) {
  return upload(stack.double.url, ACCOUNT.cloud_name, signed({ public_id: publicId }), bytes);
}

/** What an app sends: no master key. */
export const AS_CLIENT = {};

/** Words for new pictures of a stack and what became of them. */
export function picturesOf(stack) {
  /** A new picture in the account: the text that an app saves. */
  const uploaded = async (publicId) => identifier(await put(stack, publicId));
  return {
    uploaded,
    /** A client's new object with a new picture. */
    async photo(publicId, className = "Photo") {
      const signed = await uploaded(publicId);
      return [await create(stack, className, { picture: signed }, AS_CLIENT), signed];
    },
    /** How often an asset was asked to be destroyed. */
    destroyCalls: (publicId) => stack.double.output().split(`destroy image/upload/${publicId}: `).length - 1,
  };
}

/** Destroys an asset as somebody in the media library does. */
export async function destroy(stack, publicId) {
  const body = new URLSearchParams(signed({ public_id: publicId }));
  const answer = await fetch(`${stack.double.url}/v1_1/${ACCOUNT.cloud_name}/image/destroy`, { method: "POST", body });
  assert.deepEqual(await answer.json(), { result: "ok" });
}

/** Whether Cloudinary has an asset. */
export async function exists(stack, publicId) {
  const credentials = Buffer.from(`${ACCOUNT.api_key}:${ACCOUNT.api_secret}`).toString("base64");
  const path = publicId.split("/").map(encodeURIComponent).join("/");
  const url = `${stack.double.url}/v1_1/${ACCOUNT.cloud_name}/resources/image/upload/${path}`;
  const { status } = await fetch(url, { headers: { Authorization: `Basic ${credentials}` } });
  assert.ok(status === 200 || status === 404, String(status));
  return status === 200;
}

/** The jobs of the queue, the dead ones included. */
export async function jobs(stack) {
  const { code, stdout, stderr } = await stack.cli(["cleanup", "list", "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).jobs;
}

/** Waits until every job is done. */
export async function settled(stack) {
  await until("an empty queue", async () => (await jobs(stack)).length === 0);
}
