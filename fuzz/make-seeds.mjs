// Writes the seeds of the fuzz targets: captured requests, vectors, shipped manifests, and what no capture happens to hold.
//
//   node fuzz/make-seeds.mjs
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const fuzz = dirname(fileURLToPath(import.meta.url));
const root = join(fuzz, "..");
const NOW = 1789000000;
const counts = {};

function seed(target, content) {
  const text = Buffer.from(typeof content === "string" || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  const name = createHash("sha1").update(text).digest("hex").slice(0, 12);
  mkdirSync(join(fuzz, "seeds", target), { recursive: true });
  writeFileSync(join(fuzz, "seeds", target, name), text);
  counts[target] = (counts[target] ?? 0) + 1;
}

const vectors = (name) => readFileSync(join(root, "tests/vectors", `${name}.jsonl`), "utf8").trim().split("\n").map((line) => JSON.parse(line));
/** Every n-th, so that the seeds stay small. */
const some = (list, most) => list.filter((_, index) => index % Math.ceil(list.length / most) === 0);

rmSync(join(fuzz, "seeds"), { recursive: true, force: true });

// webhook: captured saves, as if their class were the guarded one, with pictures put in.
const PICTURE = "image/upload/v1788999000/users/u1/cat.jpg";
const OLD = "image/upload/v1788990000/users/u1/old.jpg";
for (const file of readdirSync(join(root, "tests/fixtures")).filter((name) => name.endsWith(".json"))) {
  const { request } = JSON.parse(readFileSync(join(root, "tests/fixtures", file), "utf8"));
  if (request.rawBody) {
    seed("webhook", request.rawBody.replace(/"functionName":"[^"]*",?/, "").replace('"params"', '"object"'));
    continue;
  }
  const { headers, log, ip, installationId, ...body } = request.body;
  if (!body.object) continue;
  for (const object of [body.object, body.original]) if (object) object.className = "Photo";
  if (body.original) body.original.picture = OLD;
  body.object.picture = `${PICTURE}#@`;
  seed("webhook", body);
}
const user = { objectId: "u1", username: "ann", sessionToken: "r:1" };
const save = (object, original, more) => seed("webhook", { triggerName: "beforeSave", object, ...(original && { original }), user, master: false, ...more });
for (const value of [`${PICTURE}#@`, `${PICTURE}#`, PICTURE, `${PICTURE}#0123456789012345678901234567890123456789`, "", null, 5, true, [], {}, { __op: "Delete" }, { __op: "Increment", amount: 1 }, "raw/private/v1788999000/users/u1/a.png#@", "video/authenticated/v1789000300/users/u1/a.mp4#@", "image/upload/v1/a/../b#@", "image/upload/v1788999000/é 猫.jpg#@"]) {
  save({ picture: value, title: "a", n: 1 });
  save({ objectId: "p1", picture: value, title: "a", n: { __op: "Increment", amount: 5 } }, { objectId: "p1", picture: OLD, title: "a", n: 1 });
}
const list = [`${PICTURE}#@`, OLD, "image/upload/v2/b.png#@"];
for (const value of [list, [OLD], [5, ...list], { __op: "Add", objects: list }, { __op: "AddUnique", objects: list }, { __op: "Remove", objects: [`${OLD}#x`, OLD] }, { __op: "Remove", objects: [OLD] }, { __op: "Add", objects: [] }, { __op: "Batch", ops: [] }]) {
  save({ pictures: value });
  save({ pictures: value }, { pictures: [OLD, "image/upload/v1/legacy.jpg#x"] });
}
save({ picture: PICTURE }, null, { context: { cloudinary: { picture: `@${PICTURE}` } } });
save({ pictures: [PICTURE, "image/upload/v2/b.png#@"] }, null, { context: { cloudinary: { pictures: { [PICTURE]: `@${PICTURE}` } }, other: 1 } });
save({ picture: PICTURE }, null, { context: { cloudinary: { picture: 5 } } });
save({ picture: PICTURE, a: 1 }, { picture: OLD, a: 1 }, { master: true, isReadOnly: false, context: { cloudinary_follow: { field: "picture", at: NOW, mac: "00" } } });
save({ picture: PICTURE }, null, { master: true, isReadOnly: true });
const add = { __op: "Add", objects: [PICTURE] };
const moderated = { picture: OLD, status: "approved", thumbnails: ["https://x/y"], title: "a" };
for (const more of [{}, { picture: `${OLD}#x` }, { picture: `${OLD}#` }, { picture: `${PICTURE}#@` }, { picture: null }, { picture: { __op: "Delete" } }, { status: "mine" }, { status: null }, { thumbnails: add }, { "picture.x": add }, { "status.x": add }, { picture: `${PICTURE}#@`, status: "mine", title: "b" }]) {
  for (const master of [false, true]) save({ ...moderated, ...more }, moderated, { master });
  save({ ...more, title: "b" }, { title: "a" });
  save({ title: "b", ...more });
}
for (const more of [{ pictures: [OLD], "pictures.1": add }, { pictures: [`${OLD}#x`, OLD] }, { pictures: { __op: "Add", objects: [OLD, `${OLD}#x`] } }, { pictures: [OLD, OLD, OLD] }, { "pictures.0": { __op: "Delete" } }]) {
  save(more, { pictures: [OLD] });
  save(more);
}
for (const more of [{}, { user: undefined }, { user: undefined, master: true }]) {
  save({ pictures: [OLD], emailVerified: true }, { pictures: [OLD], emailVerified: false }, more);
}
for (const raw of [
  "", "{}", "[]", "null", '{"object":{}}', '{"object":[]}', '{"object":null,"object":{}}', '{"object":{},"original":5}',
  '{"object":{"picture":1,"picture":2}}', '{"object":{"\\u0070icture":"a","a":1,"\\u0061":2}}', '{"object":{"a":"\\ud83d","b":"\\u0000"}}',
  `{"object":{"a":1.0,"b":1e400,"c":[ 1 , 2 ],"picture":"${PICTURE}#@"},"original":{"a":1,"b":1e400,"c":[1,2]}}`,
  `{"object" : { "a" : ${"[".repeat(200)}1${"]".repeat(200)} , "pictures" : [ "${PICTURE}#@" , "${OLD}" ] } }`,
  `{"object":{${Array.from({ length: 40 }, (_, i) => `"k${i}":${i}`).join(",")},"picture":"${PICTURE}#@"},"original":{${Array.from({ length: 40 }, (_, i) => `"k${i}":${i % 3}`).join(",")}}}`,
  '{"object":{"a":"\\', '{"object":{"a":01}}', '{"object":{}}x', '\ufeff{"object":{}}', '{"object":{},"context":{"cloudinary":{},"cloudinary":{}}}',
  '{"object":{"className":"Other"}}', '{"triggerName":"afterSave","object":{}}', '{"functionName":"f","object":{}}',
  '{"object":{"pictures":{"__op":"Add","objects":["a"],"objects":[]}}}', '{"object":{"pictures":{"__op":"Delete","__op":"Add","objects":[]}}}',
]) seed("webhook", raw);

for (const { args } of vectors("verify_identifier")) seed("identifier", args.identifier ?? "");
for (const text of ["raw/upload/v1/a.b/c.d", "image/upload/v123456789012/a.b.jpeg#x", "video/private/v0/é/猫 .mp4", "image/upload/v1/\u{feff}a", "image/upload/v1/a\u0085b"]) seed("identifier", text);

for (const { args } of [...vectors("transformation"), ...vectors("eager"), ...vectors("layer")].flatMap((vector, index) => (index % 2 ? [] : vector))) {
  const value = args.options ?? args.eager ?? args.layer ?? args;
  seed("transformation", value);
}
for (const { args } of some(vectors("url"), 150)) seed("transformation", args.options ?? {});
seed("transformation", '{"width":100,"transformation":[{"crop":"fill"},"named"]} 500');
seed("transformation", '{"width":100} 63');
// Once these reached a URL: a control character, what ends a path, what a CDN decodes.
for (const options of [{ x: "a$ght\t" }, { width: "auto:break\u007f_15" }, { effect: "trim:\u007f10" }, { x: "1?a" }, { y: "1#a" }, { crop: "a%2f..%2fb" }, { gravity: "\\..\\a" }, { background: "#fff", start_offset: "10%" }, { background: "auto:a b é" }]) seed("transformation", options);
// What a caller chose that would have become more than one value.
for (const options of [
  {"effect": {"sepia": 50, "l_private:users:victim": "secret"}},
  {"effect": "sepia%2Cl_other%2Fw_10"},
  {"crop": "sepia%252Cl_other"},
  {"variables": [["l_private:x", "y"], ["$a", "1,l_x"]]},
  {"if": "end"},
  {"eager": ["c_fill,w_9/e_sepia/png", "l_logo", {"overlay": "logo"}, "a|b"]},
  {"context": {"a\\": "b", "c": "d\\|e=f\\"}, "metadata": {"m": ["a\"b", "c\\|d"]}},
  {"tags": ["a,b"], "headers": {"X-A": "1\nX-B: 2"}, "face_coordinates": [["1|2", 3, 4, 5]]},
  {"transformation": [{"effect": "sepia"}, {"underlay": {"public_id": "users/victim", "type": "private"}}]},
  {"size": "1,l_xx2", "offset": ["1,l_x", "2"]},
  {"responsive_breakpoints": {"transformation": "l_logo", "format": "png/x"}},
  {"overlay": {"text": "a/../b,c", "font_family": "Arial", "font_size": 10}},
  {"raw_transformation": "../../x?y"},
  {"raw_transformation": ".."},
  { public_id: "a+b", folder: "é".repeat(300), notification_url: "https://e.com/?a=1&b=2" },
]) seed("transformation", options);

for (const file of readdirSync(join(root, "webhooks"))) seed("manifest", readFileSync(join(root, "webhooks", file)));
seed("manifest", readdirSync(join(root, "webhooks")).slice(0, 3).map((file) => readFileSync(join(root, "webhooks", file), "utf8")).join("\n%%%\n"));
for (const text of [
  'class = "Photo"\ntrust_master_key = true\n[fields.a]\nrequired = true\nmany = true\nresource_types = ["image", "raw"]\ntypes = ["private"]\nformats = ["jpg"]\nfolder = "x/{user.objectId}"\nmax_age = "1h"\non_replace = "destroy"\non_delete = "destroy"\ngrace = "24h"\ndestroy_within = "x/"\n',
  'class = "Photo"\n[fields.a]\nconfirm = true\nmax_bytes = "5MiB"\nmin_width = 10\nmax_width = 4000\non_unreachable = "accept"\nmoderation_field = "m"\non_reject = "clear"\nsync = true\neager_field = "e"\n',
  'function = "f"\naction = "sign_upload"\naccess = { role = "editors" }\nresponse = "request"\nresource_type = "video"\n[limit]\nper_user = "30/m"\nper_address = "60/h"\n[upload]\nfolder = "u/{user.objectId}"\ntags = ["a", "{params.kind}"]\ncontext = { alt = "{params.alt}", by = "{user.username}" }\neager = [{ width = 10, crop = "fill" }, "e_sepia"]\n[accept]\nupload_preset = ["a", "b"]\npublic_id = { pattern = "[a-z]+" }\n',
  'function = "w"\naction = "sign_params"\naccess = "public"\n[upload]\nfolder = "u/{user.objectId}/{params.album}"\nuse_filename = true\nwidth = 10\n[accept]\nupload_preset = ["a", "b"]\ncustom_coordinates = true\ntags = { pattern = "[a-z]+" }\nquality_override = { min = 1, max = 90 }\n',
  'function = "u"\naction = "delivery_url"\naccess = "public"\n[url]\nwidth = 10\ntransformation = [{ crop = "fill" }, { overlay = { text = "x", font_family = "Arial", font_size = 10 } }]\n[accept]\nwidth = { max = 2000, default = 100 }\nheight = { min = 1, max = 10 }\ncrop = { named = { thumb = "thumb" } }\nquality = true\n',
  "", "# nothing\n", 'class = "Photo"\nfunction = "f"\n', 'class = "', "class = 'a'\nclass = 'b'\n", "[fields]\n", "x = 1979-05-27T07:32:00Z\n", 'class = "A"\n[fields.x]\nfolder = "{params.a}"\n',
]) seed("manifest", text);

for (const { args } of some(vectors("verify_notification"), 72)) seed("notification", `${args.timestamp}\n${args.signature}\n${args.body}`);
const upload = { notification_type: "upload", public_id: "a", version: 1, type: "upload", resource_type: "image", eager: [{ transformation: "w_1", secure_url: "https://x/y" }] };
for (const body of [upload, { ...upload, notification_type: "moderation", moderation_status: "rejected", moderation_kind: "manual" }, { notification_type: "rename", from_public_id: "a", to_public_id: "b", resource_type: "image", type: "upload" }, { notification_type: "delete", resources: [{ public_id: "a", resource_type: "image", type: "upload", version: 1 }] }, { notification_type: "eager", public_id: "a", eager: [] }, { ...upload, overwritten: true, format: "png", moderation: [{ kind: "manual", status: "pending" }] }, { notification_type: "moderation_summary", resources: { a: { type: "private", moderation: [{ status: "approved" }, { status: "queued" }] } } }, { notification_type: "moderation", moderation_status: "approved", public_id: "a", type: "private", secure_url: "https://res.cloudinary.com/demo/image/private/v1/a.jpg", signature_key: "123456789012345" }, { notification_type: "delete", resources: { a: { resource_type: "image", type: "upload" } } }, [], "x"]) {
  seed("notification", `${NOW}\n-\n${JSON.stringify(body)}`);
}
for (const [at, body] of [[NOW - 7200, "{}"], [NOW + 301, "{}"], ["1e9", "{}"], [" 1789000000", "1"], [178900000, "01"], ["", ""], [NOW, "{}0"], [`0${NOW}`, "{}"]]) seed("notification", `${at}\n-\n${body}`);

for (const { args } of [...vectors("config_url"), ...vectors("api_url")]) seed("cloudinary_url", args.url ?? `cloudinary://key:SECRET@${args.cloud_name ?? "demo"}`);
for (const url of [
  "cloudinary://key:SECRET@demo?signature_algorithm=sha256&secure_distribution=cdn.example.com&private_cdn=true&upload_prefix=https://api-eu.cloudinary.com",
  "cloudinary://key:SECRET@demo?signature_algorithm=md5", "cloudinary://key:SECRET@demo?signature_version=x", "cloudinary://<key>:<SECRET>@<cloud>", "cloudinary://key:SECRET", "cloudinary:key:SECRET@demo",
  "cloudinary://key:SECRET@", "cloudinary://key:SECRET@@demo", "cloudinary://key:SEC:RET@demo:80/path?auth_token[key]=00&auth_token[duration]=300#x", "https://key:SECRET@demo", "cloudinary://key:SECRET@de mo", "cloudinary://key:SECRET@demo?api_secret=other&api_secret[x]=1", " cloudinary://k:SECRET@d",
]) seed("cloudinary_url", url);

console.log(counts);
