// What may stand in a guarded class after a save: slow and plain, and without a line of the service's.
import { isDeepStrictEqual } from "node:util";
import { cloudinary } from "../../../scripts/parse-server/client.mjs";
import { ACCOUNT } from "../../../scripts/parse-server/stack.mjs";

/** Every text in a value, its keys included. */
function textsIn(value) {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...textsIn(member)]);
}

/** Whether Cloudinary's signature makes this text one that the field takes. */
function isSigned(text, signature) {
  const [, version, name] = text.match(/^image\/upload\/v(\d{1,12})\/([^&=?#%<>\\]+)$/) ?? [];
  if (!name) return false;
  const publicId = name.replace(/\.[A-Za-z0-9]{1,16}$/, "");
  return ["sha1", "sha256"].some(
    (algorithm) => signature === cloudinary.utils.api_sign_request({ public_id: publicId, version }, ACCOUNT.api_secret, algorithm, 1),
  );
}

const isEmpty = (value) => value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

/**
 * What is wrong with a row after a save, in words; nothing if all is well.
 * @param {object} save
 * @param {{fields: object, ours: object}} save.guarded see `CLASSES`
 * @param {object} save.before the row before it; `{}` where it was made by it
 * @param {object} save.after the row
 * @param {Record<string, {type: string}>} save.columns the class's columns after it
 * @param {object[]} save.bodies what was sent, as read from its text
 * @param {object | undefined} save.context
 * @param {boolean} save.master
 * @returns {string[]}
 */
export function faults({ guarded, before, after, columns, bodies, context, master }) {
  const found = [];
  const signatures = [...bodies.flatMap(textsIn).flatMap((text) => text.split("#").slice(1)), ...textsIn(context)];

  const mayStand = (value, stored) =>
    stored.some((old) => isDeepStrictEqual(old, value) || (typeof old === "string" && old.split("#")[0] === value)) ||
    (typeof value === "string" && signatures.some((signature) => isSigned(value, signature)));

  for (const [field, { many, required }] of Object.entries(guarded.fields)) {
    const value = after[field];
    const type = columns[field]?.type;
    if (type && type !== (many ? "Array" : "String")) found.push(`column ${field} is of type ${type}`);
    if (required && isEmpty(value)) found.push(`${field} is required and empty`);
    if (value === undefined || value === null || isDeepStrictEqual(value, before[field])) continue;
    if (Array.isArray(value) !== Boolean(many)) {
      found.push(`${field} is no ${many ? "array" : "text"}`);
      continue;
    }
    for (const text of [value].flat()) {
      if (!mayStand(text, [before[field]].flat())) found.push(`${field} holds ${JSON.stringify(text)}, neither signed nor stored before`);
    }
  }

  for (const [column, field] of Object.entries(guarded.ours)) {
    const wroteIt = bodies.some((body) => Object.keys(body).some((key) => key === column || key.startsWith(`${column}.`)));
    // The full master key may set it to anything.
    if (master && wroteIt) continue;
    const value = after[column];
    const type = columns[column]?.type;
    if (type && type !== (column === "thumbs" ? "Array" : "String")) found.push(`column ${column} is of type ${type}`);
    if (value === undefined || value === null) continue;
    if (!isDeepStrictEqual(value, before[column])) found.push(`${column} holds ${JSON.stringify(value)}, which is not the client's to write`);
    if (!isDeepStrictEqual(after[field], before[field])) found.push(`${column} still speaks of the picture that ${field} has lost`);
  }
  return found;
}
