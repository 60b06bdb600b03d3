// Whatever is sent to a real Parse Server, a guarded column holds only what Cloudinary signed or what stood there before.
//
// GUARD_SEED=N tries other saves, GUARD_SAVES=N more or fewer of them; both are printed.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CLASSES, generator, MANIFESTS, OLD_TEXTS, textOf } from "./support/generated-saves.mjs";
import { choices } from "./support/random.mjs";
import { create, createClass, mintIdentifier, PARSE, row, signUp, useStack } from "./support/rig.mjs";
import { faults } from "./support/stored-oracle.mjs";

const SEED = Number(process.env.GUARD_SEED || 1);
const SAVES = Number(process.env.GUARD_SAVES || 250);
const MOST_REPORTS = Number(process.env.MR||5);
const OLD_ROWS = 40;
const SECONDS_A_REQUEST = 20;

const columnType = (className, column) =>
  CLASSES[className].fields[column]?.many || column === "thumbs" ? "Array" : "String";

let user;
let accepted = 0;
const oldRows = {};
const stack = useStack({
  manifests: MANIFESTS,
  register: false,
  prepare: async () => {
    for (const [name, { fields, ours, old }] of Object.entries(CLASSES)) {
      const columns = [...Object.keys(fields), ...Object.keys(ours)];
      if (name === "_User") await addColumns(name, columns);
      else await createClass(stack, name, Object.fromEntries(columns.map((column) => [column, columnType(name, column)])));
      if (!old) continue;
      const value = (index) => (name === "OldAlbum" ? OLD_TEXTS.slice(index % OLD_TEXTS.length) : OLD_TEXTS[index % OLD_TEXTS.length]);
      oldRows[name] = await Promise.all(Array.from({ length: OLD_ROWS }, (_, index) => create(stack, name, { [columns[0]]: value(index) })));
    }
    const { code, stderr } = await stack.cli(["register"]);
    assert.equal(code, 0, stderr);
    user = await signUp("somebody");
  },
});

const pathOf = (className) => (className === "_User" ? "users" : `classes/${className}`);

/** One request, as REST clients send it or as the JavaScript SDK does, and what the server answers. */
async function send(method, path, text, { actor, context, asSdk }) {
  const sessionToken = user.getSessionToken();
  const headers = {
    "X-Parse-Application-Id": PARSE.appId,
    ...(actor === "user" && { "X-Parse-Session-Token": sessionToken }),
    ...(actor === "master" && { "X-Parse-Master-Key": PARSE.masterKey }),
    ...(context && { "X-Parse-Cloud-Context": JSON.stringify(context) }),
  };
  const inBody = {
    _ApplicationId: PARSE.appId,
    _ClientVersion: "js6.0.0",
    ...(actor === "user" && { _SessionToken: sessionToken }),
    ...(actor === "master" && { _MasterKey: PARSE.masterKey }),
    ...(context && { _context: context }),
  };
  const members = text.slice(1, -1);
  const body = asSdk ? `{${[members, JSON.stringify(inBody).slice(1, -1)].filter(Boolean).join(",")}}` : text;
  const response = await fetch(`${stack.parseServer.url}/${path}`, {
    method,
    body,
    headers: { "Content-Type": asSdk ? "text/plain" : "application/json", Connection: "close", ...(asSdk ? {} : headers) },
    signal: AbortSignal.timeout(SECONDS_A_REQUEST * 1000),
  });
  return { status: response.status, json: await response.json() };
}

async function columnsOf(className) {
  const answer = await stack.rest("GET", `/schemas/${className}`, { master: true });
  assert.equal(answer.status, 200, answer.text);
  return answer.json.fields;
}

function changeColumns(className, fields) {
  return stack.rest("PUT", `/schemas/${className}`, { master: true, body: { className, fields } });
}

async function addColumns(className, columns) {
  const types = columns.map((column) => [column, { type: columnType(className, column) }]);
  const answer = await changeColumns(className, Object.fromEntries(types));
  assert.equal(answer.status, 200, answer.text);
}

/** Columns that do not exist yet: nothing says what they hold but the save that makes them. */
async function dropColumns(className, columns) {
  for (const column of columns) {
    await changeColumns(className, { [column]: { __op: "Delete" } });
  }
}

/** The row that a save begins with, if it is an update. */
async function rowToUpdate({ className, setup }) {
  if (CLASSES[className].old) return oldRows[className].pop();
  if (className !== "_User") return create(stack, className, setup);
  // Every other column of the user's is taken away first, so that what is left is known.
  const clear = Object.fromEntries(["pic", "images", "status"].map((column) => [column, { __op: "Delete" }]));
  for (const body of [clear, setup]) {
    const answer = await stack.rest("PUT", `/users/${user.id}`, { master: true, body });
    assert.equal(answer.status, 200, answer.text);
  }
  return user.id;
}

/** Sends the bodies and answers the id of the row that they made or changed, if there is one. */
async function carryOut(save, id) {
  const path = pathOf(save.className) + (id ? `/${id}` : "");
  const method = id ? "PUT" : "POST";
  const texts = save.bodies.map(textOf);
  if (texts.length === 1) {
    const { status, json } = await send(method, path, texts[0], save);
    if (status < 400) accepted++;
    return id ?? json.objectId;
  }
  const requests = texts.map((text) => `{"method":"${method}","path":"/parse/${path}","body":${text}}`);
  const { json } = await send("POST", "batch", `{"requests":[${requests}]}`, save);
  if (Array.isArray(json) && json.some((answer) => answer.success)) accepted++;
  // A batch that creates makes several rows: one of them is looked at.
  return id ?? (Array.isArray(json) ? json.find((answer) => answer.success?.objectId)?.success.objectId : undefined);
}

/** A new picture for every guarded field. */
function goodSave(className) {
  const fields = Object.entries(CLASSES[className].fields);
  return Object.fromEntries(fields.map(([field, { many }]) => [field, many ? [mintIdentifier("good")] : mintIdentifier("good")]));
}

/** What is wrong after a save, in words, with what stood there before and what stands there now. */
async function tryOut(save) {
  const { className, update, missing, bodies, context, actor } = save;
  const guarded = CLASSES[className];
  await dropColumns(className, missing);
  const id = update ? await rowToUpdate(save) : undefined;
  const before = id ? await row(stack, className, id) : {};
  const made = await carryOut(save, id).catch(async (error) => {
    const said = stack.parseServer.output().split("\n").slice(-12).join("\n");
    throw new Error(`no answer to ${JSON.stringify(save)}; Parse Server says ${said}`, { cause: error });
  });
  const columns = await columnsOf(className);
  const after = made ? await row(stack, className, made) : undefined;
  const read = bodies.map((body) => JSON.parse(textOf(body)));
  const seen = after ?? Object.fromEntries(Object.entries(guarded.fields).map(([field]) => [field, "none"]));
  const found = after
    ? faults({ guarded, before, after, columns, bodies: read, context, master: actor === "master" })
    : faults({ guarded, before: seen, after: seen, columns, bodies: read, context, master: true });
  if (!found.length) {
    const request = { master: true, body: goodSave(className) };
    const answer = made
      ? await stack.rest("PUT", `/${pathOf(className)}/${made}`, request)
      : className === "_User" || (await stack.rest("POST", `/${pathOf(className)}`, request));
    if (answer !== true && answer.status >= 400) found.push(`a good save after it is answered ${answer.text}`);
  }
  // What a fault leaves behind, and what the master key may make of a column of ours, is not for the next save.
  const spoilt = Object.entries(columns).filter(([column]) => column in guarded.ours || column in guarded.fields);
  const odd = spoilt.filter(([column, { type }]) => type !== columnType(className, column)).map(([column]) => column);
  if (odd.length) {
    await dropColumns(className, odd);
    await addColumns(className, odd);
  }
  return { found, before, after };
}

/** The smallest save with a fault that leaving things out leads to. */
async function smallest(save, outcome) {
  const without = (list, index) => list.filter((_, other) => other !== index);
  const smaller = (from) => [
    ...(from.context ? [{ ...from, context: undefined }] : []),
    ...(from.asSdk ? [{ ...from, asSdk: false }] : []),
    ...(from.missing.length ? [{ ...from, missing: [] }] : []),
    ...from.bodies.flatMap((_, index) => (from.bodies.length > 1 ? [{ ...from, bodies: without(from.bodies, index) }] : [])),
    ...from.bodies.flatMap((body, index) =>
      body.members.map((_, member) => ({
        ...from,
        bodies: from.bodies.with(index, { members: without(body.members, member) }),
      })),
    ),
    ...Object.keys(from.setup).map((column) => ({ ...from, setup: { ...from.setup, [column]: undefined } })),
  ];
  for (let tries = 0, rest = smaller(save); rest.length && tries < 40; tries++) {
    const candidate = rest.shift();
    const tried = await tryOut(candidate).catch(() => ({ found: [] }));
    if (!tried.found.length) continue;
    [save, outcome] = [candidate, tried];
    rest = smaller(save);
  }
  return { save, outcome };
}

function report({ save, outcome }, number) {
  const { className, update, actor, context, missing, asSdk } = save;
  return [
    `save ${number} of GUARD_SEED=${SEED}: ${outcome.found.join("; ")}`,
    `  ${update ? "update" : "create"} of ${className} as ${actor}${asSdk ? ", in the SDK's form" : ""}`,
    ...save.bodies.map((body) => `  body    ${textOf(body)}`),
    ...(context ? [`  context ${JSON.stringify(context)}`] : []),
    ...(missing.length ? [`  without columns ${missing}`] : []),
    `  before  ${JSON.stringify(outcome.before)}`,
    `  after   ${JSON.stringify(outcome.after)}`,
  ].join("\n");
}

test(`after any of ${SAVES} saves a guarded column holds what was signed with it or stood there before (GUARD_SEED=${SEED})`, async (t) => {
  const next = generator(choices(SEED));
  const reports = [];
  for (let number = 1; number <= SAVES && reports.length < MOST_REPORTS; number++) {
    const save = next();
    if (CLASSES[save.className].old && !oldRows[save.className].length) continue;
    const outcome = await tryOut(save);
    if (!outcome.found.length) continue;
    const again = !CLASSES[save.className].old;
    reports.push(report(again ? await smallest(save, outcome) : { save, outcome }, number));
  }
  t.diagnostic(`${accepted} saves were accepted`);
  assert.equal(reports.length, 0, `\n${reports.join("\n\n")}`);
});

describe("the oracle", () => {
  const guarded = { fields: { pic: {}, images: { many: true } }, ours: { status: "pic" } };
  const [signed, other] = [mintIdentifier("signed", 1700000000), mintIdentifier("other", 1700000000)];
  const [text, signature] = signed.split("#");
  const COLUMNS = { pic: { type: "String" }, images: { type: "Array" }, status: { type: "String" } };
  const unsigned = (field, held) => `${field} holds ${JSON.stringify(held)}, neither signed nor stored before`;

  for (const [name, save, expected] of [
    ["a signed picture", { bodies: [{ pic: signed }], after: { pic: text } }, []],
    ["a picture signed in the context", { bodies: [{ pic: text }], context: { cloudinary: { pic: signature } }, after: { pic: text } }, []],
    ["a picture that stood there before", { bodies: [{}], before: { pic: "x" }, after: { pic: "x" } }, []],
    ["a picture that lost its signature", { bodies: [{}], before: { pic: "x#y" }, after: { pic: "x" } }, []],
    ["a picture without a signature", { bodies: [{ pic: text }], after: { pic: text } }, [unsigned("pic", text)]],
    ["another picture's signature", { bodies: [{ pic: other }], after: { pic: text } }, [unsigned("pic", text)]],
    ["a picture with its signature", { bodies: [{ pic: signed }], after: { pic: signed } }, [unsigned("pic", signed)]],
    ["another type of the same name", { bodies: [{ pic: signed }], after: { pic: text.replace("upload", "private") } }, [unsigned("pic", text.replace("upload", "private"))]],
    ["a text where an array belongs", { bodies: [{ images: signed }], after: { images: text } }, ["images is no array"]],
    ["an array where a text belongs", { bodies: [{ pic: [signed] }], after: { pic: [text] } }, ["pic is no text"]],
    ["a picture one level too deep", { bodies: [{ images: [signed] }], after: { images: [[text]] } }, [unsigned("images", [text])]],
    ["a stored operation", { bodies: [{}], before: { images: ["x"] }, after: { images: ["x", { __op: "Add" }] } }, [unsigned("images", { __op: "Add" })]],
    ["a column of another type", { bodies: [{}], after: {}, columns: { pic: { type: "Object" } } }, ["column pic is of type Object"]],
    ["an empty required array", { bodies: [{}], guarded: { fields: { images: { many: true, required: true } }, ours: {} }, after: { images: [] } }, ["images is required and empty"]],
    ["a verdict of the client's", { bodies: [{ status: "approved" }], after: { status: "approved" } }, ['status holds "approved", which is not the client\'s to write', ]],
    ["a verdict of the master key's", { bodies: [{ status: "approved" }], master: true, after: { status: "approved" } }, []],
    ["a verdict on the picture before", { bodies: [{ pic: signed }], before: { pic: "x", status: "approved" }, after: { pic: text, status: "approved" } }, ["status still speaks of the picture that pic has lost"]],
  ]) {
    test(`judges ${name}`, () => {
      const row = { guarded, before: {}, columns: COLUMNS, ...save };
      assert.deepEqual(faults(row), expected);
    });
  }
});
