// What Parse Server 9 sends to the three kinds of hooks, and what must come of it.
import { createHash } from "node:crypto";

export const ACCOUNT = { cloud_name: "demo", api_key: "123456789012345", api_secret: "abcdefghijklmnopqrstuvwxyz0" };
export const WEBHOOK_KEY = "a-webhook-key-for-measuring";

export const MANIFESTS = {
  "Photo.toml": 'class = "Photo"\n[fields.cloudinaryIdentifier]\n',
  "sign.toml": `function = "sign_cloudinary_upload_request"
action = "sign_upload"
access = "user"
[upload]
tags = "{user.username}"
eager = { crop = "fill", width = 150, height = 100, gravity = "face" }
`,
  "url.toml": `function = "photo_url"
action = "delivery_url"
access = "user"
[accept]
crop = true
width = true
height = true
gravity = true
`,
};

const BARE = "image/upload/v1366555348/k3vmeifbepxddbzjuop9.jpg";
const SIGNATURE = sha1(`public_id=k3vmeifbepxddbzjuop9&version=1366555348${ACCOUNT.api_secret}`);
const SIGNED = `${BARE}#${SIGNATURE}`;
const EAGER = "c_fill,g_face,h_100,w_150";
const INSTALLATION = "5f1c1a2e-2f0a-4c1c-9a83-0d1e6fd1d9a1";

const user = {
  objectId: "u8Xk2LmPqR",
  username: "alice",
  email: "alice@example.com",
  emailVerified: true,
  createdAt: "2026-01-05T10:11:12.123Z",
  updatedAt: "2026-02-05T10:11:12.123Z",
  ACL: { "*": { read: true }, u8Xk2LmPqR: { read: true, write: true } },
  sessionToken: "r:0123456789abcdef0123456789abcdef",
  __type: "Object",
  className: "_User",
};

/** What every call holds besides. */
const call = {
  master: false,
  user,
  installationId: INSTALLATION,
  log: { options: { jsonLogs: false, logsFolder: "./logs", verbose: false }, appId: "photoApp" },
  headers: {
    host: "parse.example.com",
    "user-agent": "Parse Android SDK API Level 34",
    accept: "*/*",
    "accept-encoding": "gzip, deflate",
    "content-type": "application/json; charset=utf-8",
    "x-parse-application-id": "photoApp",
    "x-parse-app-build-version": "12",
    "x-parse-app-display-version": "1.2.0",
    "x-parse-os-version": "14",
    "x-parse-installation-id": INSTALLATION,
    connection: "keep-alive",
    "x-forwarded-for": "203.0.113.9",
    "content-length": "213",
  },
  ip: "203.0.113.9",
  context: {},
};

const photo = (cloudinaryIdentifier, more = {}) => ({
  title: "Sunset über dem See",
  takenAt: { __type: "Date", iso: "2026-02-01T18:30:00.000Z" },
  owner: { __type: "Pointer", className: "_User", objectId: user.objectId },
  location: { __type: "GeoPoint", latitude: 47.38, longitude: 8.54 },
  likes: 0,
  tags: ["sunset", "lake", 'say "cheese"'],
  cloudinaryIdentifier,
  ACL: user.ACL,
  ...more,
  className: "Photo",
});

/** About so many kibibytes of what the service neither reads nor may change. */
const filler = (kibibytes) => ({
  exif: Array.from({ length: kibibytes * 8 }, (_, i) => ({
    k: `tag${String(i).padStart(5, "0")}`,
    v: `value é ${(i * 7919) % 100003}`,
    n: i * 3.25,
    s: 'lorem "ipsum" dolor sit amet, \\ path',
    b: i % 2 === 0,
  })),
});

function sha1(text) {
  return createHash("sha1").update(text).digest("hex");
}

const SERVERS_OWN = ["className", "createdAt", "updatedAt", "objectId"];
const without = (object, keys) => Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
const canonical = (value) => JSON.stringify(value, (_, v) => (v?.constructor === Object ? Object.fromEntries(Object.entries(v).sort()) : v));
const same = (a, b) => canonical(a) === canonical(b);

/** Which row Parse Server would store: without `success` what the client changed, with it exactly that. */
function stored({ object, original = {} }, answer) {
  const write = answer.success ?? object;
  return without({ ...original, ...write }, SERVERS_OWN);
}

function save(object, wanted, original) {
  const body = { triggerName: "beforeSave", ...call, object, ...(original && { original }) };
  return {
    path: "/triggers/Photo/beforeSave",
    body,
    isRight: (answer) => !("error" in answer) && same(stored(body, answer), without(wanted, SERVERS_OWN)),
  };
}

const row = { objectId: "Ph0t0Id001", createdAt: "2026-02-01T18:31:00.000Z", updatedAt: "2026-02-01T18:31:00.000Z" };

/** Name → path, body, and whether a parsed answer of status 200 is right. */
export const WORKLOADS = {
  create_small: save(photo(SIGNED), photo(BARE)),
  update_unchanged: save(photo(BARE, { ...row, likes: 5 }), photo(BARE, { likes: 5 }), photo(BARE, row)),
  reject_badsig: { ...save(photo(`${BARE}#${"0".repeat(40)}`)), isRight: (answer) => same(answer, { error: "Bad signature" }) },
  create_20k: save(photo(SIGNED, filler(20)), photo(BARE, filler(20))),
  create_200k: save(photo(SIGNED, filler(200)), photo(BARE, filler(200))),
  sign: {
    path: "/functions/sign_cloudinary_upload_request",
    body: { functionName: "sign_cloudinary_upload_request", ...call, params: {} },
    isRight: ({ success }) =>
      success.tags === user.username &&
      success.eager === EAGER &&
      success.api_key === ACCOUNT.api_key &&
      success.signature === sha1(`eager=${EAGER}&tags=${user.username}&timestamp=${success.timestamp}${ACCOUNT.api_secret}`),
  },
  url: {
    path: "/functions/photo_url",
    body: {
      functionName: "photo_url",
      ...call,
      params: { identifier: BARE, options: { crop: "fill", width: 150, height: 100, gravity: "face" } },
    },
    isRight: ({ success }) =>
      success.url === `https://res.cloudinary.com/${ACCOUNT.cloud_name}/image/upload/${EAGER}/v1366555348/k3vmeifbepxddbzjuop9.jpg`,
  },
};
