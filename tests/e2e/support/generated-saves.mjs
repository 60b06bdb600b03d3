// Saves as anybody might send them over REST: good ones, forged ones, and what no SDK would say.
//
// A save is plain data, so that a failing one can be made smaller and tried again. What ends the Parse Server process as soon as a class
// has a webhook is never made: an ill-formed `Date` or `File`, an `Object` without `objectId`, operations below dotted keys of two levels.
import { bare, cloudinary, identifier, mintIdentifier } from "../../../scripts/parse-server/client.mjs";
import { ACCOUNT } from "../../../scripts/parse-server/stack.mjs";

/**
 * The guarded classes. `fields`: guarded ones by name; `ours`: the column that belongs to a field, by column; `old`: its rows are
 * from before the guard.
 */
export const CLASSES = {
  Single: { fields: { pic: {}, cover: {} }, ours: { status: "pic", thumbs: "pic" } },
  Needed: { fields: { pic: { required: true } }, ours: { status: "pic" } },
  Album: { fields: { images: { many: true }, pic: {} }, ours: { status: "pic" } },
  NeededAlbum: { fields: { images: { many: true, required: true } }, ours: {} },
  OldSingle: { fields: { pic: {} }, ours: {}, old: true },
  OldAlbum: { fields: { images: { many: true } }, ours: {}, old: true },
  _User: { fields: { images: { many: true }, pic: {} }, ours: { status: "pic" } },
};

/** The manifests of `CLASSES`, by file name. */
export const MANIFESTS = Object.fromEntries(
  Object.entries(CLASSES).map(([name, { fields, ours }]) => {
    const keys = (field, { many, required }) => [
      `[fields.${field}]`,
      ...(many ? ["many = true"] : []),
      ...(required ? ["required = true"] : []),
      ...(ours.status === field ? ['moderation_field = "status"'] : []),
      ...(ours.thumbs === field ? ['eager_field = "thumbs"'] : []),
    ];
    const lines = Object.entries(fields).flatMap(([field, rules]) => keys(field, rules));
    return [`${name}.toml`, `class = "${name}"\n${lines.join("\n")}\n`];
  }),
);

/** What rows from before the guard hold. */
export const OLD_TEXTS = [
  "image/upload/v1600000000/old.jpg",
  "image/upload/v1600000000/old.jpg#0123456789abcdef0123456789abcdef01234567",
  "http://example.com/picture.jpg",
  "",
  "#",
];

const op = (name, rest) => ({ __op: name, ...rest });

function signedWith(secret, algorithm, publicId, version = 1700000000) {
  const signature = cloudinary.utils.api_sign_request({ public_id: publicId, version }, secret, algorithm, 1);
  return identifier({ resource_type: "image", type: "upload", version, public_id: publicId, format: "jpg", signature });
}

/**
 * Makes saves.
 * @param {ReturnType<typeof import("./random.mjs").choices>} random
 */
export function generator(random) {
  let serial = 0;
  const { below, pick, chance, weighted, several } = random;
  const newName = () => `g/${++serial}`;

  /** Texts that a guarded field might be sent, given what the row holds. */
  function text(stored) {
    const old = stored.length ? pick(stored) : "image/upload/v1700000000/nobodys.jpg";
    return weighted([
      [6, () => mintIdentifier(newName(), 1700000000 + serial)],
      [3, () => bare(mintIdentifier(newName()))],
      [2, () => `${bare(mintIdentifier(newName()))}#${mintIdentifier("another").split("#")[1]}`],
      [1, () => signedWith("another account's secret", "sha1", newName())],
      [1, () => signedWith(ACCOUNT.api_secret, "sha256", newName())],
      [1, () => mintIdentifier(newName()).replace("image/upload", pick(["image/private", "raw/upload", "video/upload"]))],
      [1, () => mintIdentifier(newName()).replace(/#.*/, (signature) => signature.toUpperCase())],
      [1, () => mintIdentifier(`a&version=${below(9)}`)],
      [1, () => `${mintIdentifier(newName())}${pick(["#", " ", "0", "#x"])}`],
      [4, () => old],
      [2, () => `${bare(old)}#${mintIdentifier(bare(old).split("/").slice(3).join("/").replace(/\.jpg$/, "")).split("#")[1]}`],
      [1, () => `${bare(old)}#${"0".repeat(40)}`],
      [1, () => `${bare(old)}${pick(["#", " ", "x", ".png"])}`],
      [1, () => pick(["", "#", "x", "null", "0", "image/upload/v1/x.jpg", "approved", "a".repeat(300), "\u00e9\u732b\u2028", 'a"b\\c'])],
    ]);
  }

  /** Any value at all. */
  function value(stored, depth = 0) {
    const deeper = () => (depth < 3 ? value(stored, depth + 1) : null);
    return weighted([
      [8, () => text(stored)],
      [1, () => null],
      [1, () => pick([0, 1, -1, 1.5, 2 ** 60, true, false])],
      [3, () => several(3, () => (chance(0.8) ? text(stored) : deeper()))],
      [1, () => ({ [pick(["x", "0", "a", "pic", "length", "objects"])]: deeper() })],
      [1, () => [[text(stored)]]],
      [1, () => special(stored)],
      [0.5, () => [operation(stored, depth + 1)]],
      [0.5, () => ({ x: operation(stored, depth + 1) })],
    ]);
  }

  /** The types of Parse that REST writes as objects. */
  function special(stored) {
    return pick([
      { __type: "Date", iso: "2020-01-02T03:04:05.678Z" },
      { __type: "GeoPoint", latitude: 1, longitude: 2 },
      { __type: "Polygon", coordinates: [[0, 0], [0, 1], [1, 1], [1, 0]] },
      { __type: "Bytes", base64: Buffer.from(text(stored)).toString("base64") },
      { __type: "File", name: text(stored) || "x", url: text(stored) || "x" },
      { __type: "Pointer", className: "Single", objectId: "abcdefghij" },
      { __type: "Relation", className: "Single" },
      { __type: "Object", className: "Single", objectId: "abcdefghij", pic: text(stored) },
      { __type: "String", value: text(stored) },
    ]);
  }

  function operation(stored, depth = 0) {
    const operands = () => (chance(0.85) ? several(3, () => (chance(0.85) ? text(stored) : value(stored, 2))) : value(stored, 2));
    return weighted([
      [4, () => op("Add", { objects: operands() })],
      [3, () => op("AddUnique", { objects: operands() })],
      [3, () => op("Remove", { objects: operands() })],
      [3, () => op("Delete")],
      [1, () => op("Increment", { amount: pick([1, -1, 0, "1", text(stored)]) })],
      [1, () => op("SetOnInsert", { amount: value(stored, 2) })],
      [1, () => op("Set", { value: text(stored), amount: text(stored), objects: [text(stored)] })],
      [1, () => op(pick(["AddRelation", "RemoveRelation"]), { objects: [{ __type: "Pointer", className: "Single", objectId: "abcdefghij" }] })],
      [1, () => op("Batch", { ops: depth < 2 ? several(2, () => operation(stored, depth + 1)) : [] })],
      [1, () => op(pick(["Explode", "", "add", "toString", "__proto__"]), { objects: [text(stored)] })],
    ]);
  }

  const valueOrOperation = (stored) => (chance(0.6) ? value(stored) : operation(stored));
  const suffix = () => pick([".0", ".0", ".1", ".1", ".2", ".x", ".x", ".x.y", ".0.x", ".x.0", ".0.0", ".", ".length", "..x", ".-1"]);

  /** What a guard lets through, as far as the field need not hold anything. */
  function goodValue(many, stored) {
    const good = () => mintIdentifier(newName(), 1700000000 + serial);
    const one = () => weighted([[2, good], [2, () => stored[0] ?? null], [1, () => null], [1, () => op("Delete")]]);
    const list = () => [...stored, ...several(2, good)];
    const change = () => op(pick(["Add", "AddUnique", "Remove"]), { objects: several(2, good) });
    return many ? weighted([[3, list], [2, () => stored], [2, () => []], [2, change], [1, () => null], [1, () => op("Delete")]]) : one();
  }

  /** Members that name a column: alone, by a dotted key, or by both, in either order. */
  function membersOf(column, stored, many) {
    const plain = () => [column, valueOrOperation(stored)];
    const tame = () => [column, goodValue(many, stored)];
    const dotted = () => {
      const end = suffix();
      return [column + end, /\..*\./.test(end) ? value(stored) : valueOrOperation(stored)];
    };
    return weighted([
      [3, () => [plain()]],
      [3, () => [tame()]],
      [2, () => [dotted()]],
      [1, () => [plain(), dotted()]],
      [4, () => [tame(), dotted()]],
      [2, () => [dotted(), tame()]],
      [1, () => [tame(), dotted(), dotted()]],
      [0.3, () => [plain(), pick([plain, tame])()]],
    ]);
  }

  function anyMembers() {
    return [
      weighted([
        [3, () => ["title", text([])]],
        [1, () => ["count", op("Increment", { amount: 1 })]],
        [1, () => ["meta.views", op("Increment", { amount: 1 })]],
        [1, () => ["tags", op("AddUnique", { objects: [text([])] })]],
        [1, () => [pick(["Pic", "pics", "images[0]", "pic ", "title.x", "__proto__", "constructor", "objectId", "createdAt", "ACL"]), value([])]],
        [1, () => [pick([".pic", ".", "", "0", "0.pic", "pic.__proto__", "_rperm", "updatedAt.x"]), valueOrOperation([])]],
      ]),
    ];
  }

  function body(guarded, setup) {
    const storedTexts = (column) => [setup[column] ?? []].flat().filter((stored) => typeof stored === "string").map(bare);
    const fields = Object.keys(guarded.fields);
    const ofField = () => {
      const field = pick(fields);
      const texts = chance(0.9) ? storedTexts(field) : storedTexts(pick(fields));
      return membersOf(field, texts, guarded.fields[field].many);
    };
    const members = ofField();
    if (chance(0.2)) members.push(...ofField());
    const ours = Object.keys(guarded.ours);
    if (ours.length && chance(0.3)) members.push(...membersOf(pick(ours), ["approved", ...storedTexts(fields[0])]));
    if (chance(0.2)) members.push(...anyMembers());
    return { members, escaped: chance(0.15) ? [below(members.length), below(6)] : undefined };
  }

  /** Signatures beside bare identifiers: of what the bodies hold, or of something else. */
  function context(guarded, bodies) {
    if (chance(0.6)) return undefined;
    const texts = JSON.stringify(bodies).match(/image\/upload\/v\d+\/g\/\d+/g) ?? [];
    const signatures = {};
    for (const [field, { many }] of Object.entries(guarded.fields)) {
      if (chance(0.3)) continue;
      const of = texts.length ? pick(texts) : "image/upload/v1/g/none";
      const [, version, publicId] = of.match(/v(\d+)\/(.+)$/);
      const [signedText, signature] = mintIdentifier(chance(0.8) ? publicId : "another", version).split("#");
      signatures[field] = many !== chance(0.05) ? { [signedText]: signature } : signature;
    }
    return { cloudinary: signatures };
  }

  /** A row to begin with: good pictures, and columns of ours that Cloudinary's verdict has filled. */
  function setupOf(guarded) {
    const row = {};
    for (const [field, { many, required }] of Object.entries(guarded.fields)) {
      if (!required && chance(0.25)) continue;
      const one = () => mintIdentifier(newName(), 1700000000 + serial);
      row[field] = many ? [one(), ...several(2, one)] : one();
    }
    if (guarded.ours.status && row.pic && chance(0.7)) row.status = "approved";
    if (guarded.ours.thumbs && row.pic && chance(0.7)) row.thumbs = ["https://res.example/thumb.jpg"];
    return row;
  }

  /** One save, or a batch of saves of one row. */
  return function save() {
    const className = weighted([
      [4, () => "Single"],
      [4, () => "Needed"],
      [6, () => "Album"],
      [4, () => "NeededAlbum"],
      [1, () => "OldSingle"],
      [1, () => "OldAlbum"],
      [1, () => "_User"],
    ]);
    const guarded = CLASSES[className];
    const columns = [...Object.keys(guarded.fields), ...Object.keys(guarded.ours)];
    // Rows are not made anew where the class's rows are from before.
    const update = guarded.old || className === "_User" || chance(0.65);
    const missing = guarded.old || className === "_User" || chance(0.6) ? [] : columns.filter((column) => !guarded.fields[column]?.required && chance(0.7));
    const setup = update && !guarded.old ? setupOf(guarded) : {};
    for (const column of missing) delete setup[column];
    const stored = guarded.old ? { [columns[0]]: OLD_TEXTS } : setup;
    const bodies = [body(guarded, stored), ...(chance(0.15) ? several(2, () => body(guarded, stored)) : [])];
    return {
      className,
      update,
      actor: pick(["anonymous", "user", "master"]),
      missing,
      setup,
      bodies,
      asSdk: chance(0.1),
      context: context(guarded, bodies),
    };
  };
}

/** A body's text as it goes over the wire: doubled keys and escapes survive. */
export function textOf({ members, escaped }) {
  const parts = members.map(([name, value], index) => {
    let key = JSON.stringify(name);
    if (escaped?.[0] === index && /^[a-z]/.test(name)) {
      const place = escaped[1] % name.length;
      const code = name.charCodeAt(place).toString(16).padStart(4, "0");
      key = `"${name.slice(0, place)}\\u${code}${name.slice(place + 1)}"`;
    }
    return `${key}:${JSON.stringify(value)}`;
  });
  return `{${parts.join(",")}}`;
}
