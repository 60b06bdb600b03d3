// Every field type and operation of Parse Server's REST API, each as a change of one field.
import { DATABASE, PARSE } from "./rig.mjs";

const TARGET = "SurvivalTarget";

/** Columns of the two classes, and the values they have before an update. */
export const FIELDS = {
  picture: "String",
  pictures: "Array",
  thumbnails: "Array",
  text: "String",
  count: "Number",
  price: "Number",
  flag: "Boolean",
  when: "Date",
  meta: "Object",
  tags: "Array",
  place: "GeoPoint",
  area: "Polygon",
  blob: "Bytes",
  file: "File",
  friend: { type: "Pointer", targetClass: TARGET },
  friends: { type: "Relation", targetClass: TARGET },
};

export const TARGET_CLASS = TARGET;

const date = (iso) => ({ __type: "Date", iso });
const geoPoint = (latitude, longitude) => ({ __type: "GeoPoint", latitude, longitude });
const polygon = (size) => ({ __type: "Polygon", coordinates: [[0, 0], [0, size], [size, size], [size, 0]] });
const bytes = (text) => ({ __type: "Bytes", base64: Buffer.from(text).toString("base64") });
const file = (name) => ({ __type: "File", name, url: `http://files.example/${name}` });
const pointer = (objectId) => ({ __type: "Pointer", className: TARGET, objectId });
const op = (name, rest) => ({ __op: name, ...rest });
const objects = (name, ...values) => op(name, { objects: values });

/** 64 doubles whose shortest text a careless parser gets wrong. */
function doubles() {
  let state = 42;
  const next = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  return Array.from({ length: 64 }, () => (next() - 0.5) * 10 ** Math.floor(next() * 40 - 20));
}

/**
 * @param {[string, string]} targets ids of two rows of the target class
 * @returns {object} what a row holds before it is updated
 */
export function rowBefore([first]) {
  return {
    text: "before",
    count: 10,
    price: 0.1,
    flag: true,
    when: date("2020-01-02T03:04:05.678Z"),
    meta: { views: 1, deep: { a: 1, b: 2 }, list: [1, 2] },
    tags: ["a", "b", "b"],
    place: geoPoint(1.5, 2.5),
    area: polygon(1),
    blob: bytes("before"),
    file: file("before.txt"),
    friend: pointer(first),
    friends: objects("AddRelation", pointer(first)),
  };
}

/**
 * The changes, by the name they have in the table.
 * @param {[string, string]} targets ids of two rows of the target class
 * @returns {Record<string, object>}
 */
export function changes([first, second]) {
  return {
    "Set String": { text: "after" },
    "Set String, empty": { text: "" },
    "Set String, lone surrogate": { text: "a\ud83d" },
    "Set String, 20 kB of Unicode": { text: "🐈é\u2028\"\\\n".repeat(2000) },
    "Set Number, integer": { count: 9007199254740991 },
    "Set Number, double": { price: 0.1 + 0.2 },
    "Set Number, smallest double": { price: 5e-324 },
    "Set Boolean": { flag: false },
    "Set Date": { when: date("2031-12-31T23:59:59.999Z") },
    "Set Object": { meta: { views: 2, "key with ü": [{ nested: null }], other: {} } },
    "Set Object, 64 doubles": { meta: { doubles: doubles() } },
    "Set Object, 200 levels deep": { meta: JSON.parse(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`) },
    "Set Object, keys of the protocol": { meta: { success: {}, error: "no", className: "x", objectId: "y" } },
    "Set Array": { tags: ["c", 1, 2.5, null, true, { k: [1] }, date("2020-01-01T00:00:00.000Z"), pointer(second)] },
    "Set Array, empty": { tags: [] },
    "Set GeoPoint": { place: geoPoint(-33.123456789, 151.987654321) },
    "Set Polygon": { area: polygon(2) },
    "Set Bytes": { blob: bytes("after\u0000") },
    "Set File": { file: file("after.txt") },
    "Set Pointer": { friend: pointer(second) },
    "Set null": { text: null },
    "Set ACL": { ACL: { "*": { read: true }, [PARSE.appId]: { read: true, write: true } } },
    "Set ACL, null": { ACL: null },
    "Set to the same value": { text: "before", tags: ["a", "b", "b"] },
    Increment: { count: op("Increment", { amount: 5 }) },
    "Increment, fraction": { price: op("Increment", { amount: 0.2 }) },
    "Increment, negative": { count: op("Increment", { amount: -3 }) },
    Add: { tags: objects("Add", "c", "c", { k: 1 }) },
    AddUnique: { tags: objects("AddUnique", "b", "c") },
    "AddUnique, duplicates": { tags: objects("AddUnique", "c", "c") },
    Remove: { tags: objects("Remove", "b") },
    AddRelation: { friends: objects("AddRelation", pointer(second)) },
    RemoveRelation: { friends: objects("RemoveRelation", pointer(first)) },
    "Batch of relations": {
      friends: op("Batch", { ops: [objects("AddRelation", pointer(second)), objects("RemoveRelation", pointer(first))] }),
    },
    Delete: { text: op("Delete"), meta: op("Delete"), friend: op("Delete") },
    SetOnInsert: { text: op("SetOnInsert", { amount: "inserted" }) },
    "Unknown operation": { text: op("Explode") },
    "Dotted Set": { "meta.views": 7 },
    "Dotted Set, new key": { "meta.fresh": "x" },
    "Dotted Increment": { "meta.views": op("Increment", { amount: 4 }) },
    "Dotted Delete": { "meta.views": op("Delete") },
    "Dotted Set, two levels": { "meta.deep.a": 9 },
    "Wrong type": { count: "not a number" },
    "All at once": {
      text: "after",
      count: op("Increment", { amount: 5 }),
      tags: objects("AddUnique", "c"),
      flag: op("Delete"),
      when: date("2031-12-31T23:59:59.999Z"),
      place: geoPoint(3, 4),
      friends: objects("AddRelation", pointer(second)),
    },
  };
}

/**
 * Without hooks MongoDB keeps a dotted key of a create as a column whose name has a dot, and refuses an operation in one. A hook is shown
 * the object that the key would make, and that is stored.
 */
const DEVIATIONS_ON_MONGODB = [
  { change: "Dotted Set", phase: "create", asIf: { meta: { views: 7 } } },
  { change: "Dotted Set, new key", phase: "create", asIf: { meta: { fresh: "x" } } },
  { change: "Dotted Increment", phase: "create", modes: ["picture", "context mode"], asIf: { meta: { views: 4 } } },
  { change: "Dotted Set, two levels", phase: "create", asIf: { meta: { deep: 9 } } },
];

/**
 * Where a `beforeSave` webhook, whatever it answers, makes Parse Server store something else than it does without one.
 * `asIf`: what the client might have sent instead to the same effect; `error`: refused in other words.
 */
export const DEVIATIONS = [
  ...(DATABASE === "mongodb" ? DEVIATIONS_ON_MONGODB : []),
  { change: "Set ACL, null", asIf: { ACL: {} } },
  { change: "AddUnique, duplicates", phase: "create", asIf: { tags: objects("AddUnique", "c") } },
  { change: "SetOnInsert", asIf: { text: null } },
  { change: "Unknown operation", phase: "update", asIf: { text: null } },
  { change: "Unknown operation", phase: "create", error: { code: 108, error: "The Explode operator is not supported yet." } },
  { change: "Dotted Delete", phase: "create", modes: ["picture", "context mode"], asIf: { meta: {} } },
  { change: "Dotted Set, two levels", asIf: { "meta.deep": 9 } },
];
