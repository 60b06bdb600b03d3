// What every end-to-end test file needs: one stack of real servers, and words for what is asked of it.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { countRows, rest, useParseServer } from "../../../scripts/parse-server/client.mjs";
import { startStack } from "../../../scripts/parse-server/stack.mjs";

export { bare, cloudinary, identifier, mintIdentifier, Parse, picture, rest, signUp, upload } from "../../../scripts/parse-server/client.mjs";
export { ACCOUNT, PARSE } from "../../../scripts/parse-server/stack.mjs";

/** The major version of the Parse Server under test. */
export const VERSION = Number(process.env.RIG_PARSE_SERVER || 9);

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
