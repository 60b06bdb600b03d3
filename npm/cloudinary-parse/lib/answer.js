// The service's answer, read as strictly as it is written: anything else may come from something in between, and what is
// not a decision must not let a save through.
"use strict";

/** Fields of a class; never those that Parse Server sets. */
const FIELD = /^[A-Za-z][0-9A-Za-z_]*$/;
const PARSE_SERVERS = ["objectId", "id", "className", "createdAt", "updatedAt", "ACL"];
const LIST_OPERATIONS = ["Add", "AddUnique", "Remove"];

/** `{}`, `{ own }` or `{ error }`. */
function readAnswer({ status, headers, body }) {
  if (status !== 200) throw new Error(`it answered ${status}, expected 200`);
  const type = headers["content-type"];
  if (!/^application\/json(; ?charset=utf-8)?$/i.test(type ?? "")) throw new Error(`it answered ${type}, expected application/json`);
  if (headers["content-encoding"] !== undefined) throw new Error("it answered in a content encoding");
  // With a byte order mark kept, JSON.parse refuses it.
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  if (text === "{}") return {};
  const answer = JSON.parse(text);
  const [key, ...others] = isObject(answer) ? Object.keys(answer) : [];
  if (others.length === 0 && key === "error" && isText(answer.error)) return { error: answer.error };
  if (others.length === 0 && key === "success" && isOwn(answer.success)) return { own: answer.success };
  throw new Error('expected {}, {"success":{…}} or {"error":"…"}');
}

/** What a guarded field and the columns beside it are set to. */
function isOwn(own) {
  if (!isObject(own)) return false;
  const keys = Object.keys(own);
  return keys.length > 0 && keys.every((key) => FIELD.test(key) && !PARSE_SERVERS.includes(key) && isValue(own[key]));
}

function isValue(value) {
  if (!isObject(value)) return value === null || isText(value) || Array.isArray(value);
  if (value.__op === undefined) return true;
  const { __op: name, objects, ...others } = value;
  if (Object.keys(others).length > 0) return false;
  return name === "Delete" ? objects === undefined : LIST_OPERATIONS.includes(name) && isTexts(objects);
}

function isTexts(value) {
  return Array.isArray(value) && value.every(isText);
}

function isText(value) {
  return typeof value === "string" && value !== "";
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

module.exports = { readAnswer };
