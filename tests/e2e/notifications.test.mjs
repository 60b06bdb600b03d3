// Notifications against a real Parse Server: rows follow what Cloudinary says, and nobody else's word. Signed by the official SDK.
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import {
  ACCOUNT,
  AS_CLIENT,
  bare,
  cloudinary,
  create,
  destroy,
  exists,
  identifier,
  jobs,
  picturesOf,
  put,
  restartService,
  row,
  settled,
  until,
  update,
  useStack,
} from "./support/rig.mjs";
import { startProxy } from "./support/tampering-proxy.mjs";

const DESTROYS = 'on_replace = "destroy"\ngrace = "1s"\ndestroy_within = "app/"\n';
const MANIFESTS = {
  "Photo.toml": `class = "Photo"\n[fields.picture]\nrequired = true\nmoderation_field = "imageStatus"\non_reject = "clear"\nsync = true\neager_field = "thumbnails"\n${DESTROYS}`,
  "Kept.toml": `class = "Kept"\n[fields.picture]\nmoderation_field = "status"\non_reject = "keep"\n`,
  "Album.toml": `class = "Album"\n[fields.pictures]\nmany = true\nsync = true\non_reject = "clear"\n${DESTROYS}`,
};
const UNAUTHORIZED = { status: 401, text: '{"error":"unauthorized"}' };
const BAD_REQUEST = { status: 400, text: '{"error":"bad request"}' };
const TAKEN = { status: 200, text: "{}" };

const stack = useStack({
  manifests: MANIFESTS,
  classes: {
    Photo: { picture: "String", imageStatus: "String", thumbnails: "Array", title: "String" },
    Kept: { picture: "String", status: "String" },
    Album: { pictures: "Array" },
  },
});
const { uploaded, photo, destroyCalls } = picturesOf(stack);

const now = () => Math.floor(Date.now() / 1000);

/** Posts a body as Cloudinary does, or nearly. */
async function post(text, { timestamp = now(), secret = ACCOUNT.api_secret, headers, to = stack } = {}) {
  const signature = cloudinary.utils.webhook_signature(text, timestamp, { api_secret: secret });
  const answer = await fetch(`${to.service.url}/cloudinary/notifications`, {
    method: "POST",
    body: text,
    headers: {
      "Content-Type": "application/json",
      "X-Cld-Timestamp": String(timestamp),
      "X-Cld-Signature": signature,
      ...headers,
    },
  });
  return { status: answer.status, text: await answer.text() };
}

async function notify(body, to = stack) {
  assert.deepEqual(await post(JSON.stringify({ timestamp: new Date().toISOString(), ...body }), { to }), TAKEN);
}

const moderation = (publicId, status, more) => ({
  notification_type: "moderation",
  moderation_status: status,
  moderation_kind: "manual",
  public_id: publicId,
  resource_type: "image",
  type: "upload",
  ...more,
});
const renaming = (from, to) => ({
  notification_type: "rename",
  resource_type: "image",
  type: "upload",
  from_public_id: from,
  to_public_id: to,
});
const deletion = (...publicIds) => ({
  notification_type: "delete",
  resources: publicIds.map((public_id) => ({ resource_type: "image", type: "upload", public_id })),
});

/** Cloudinary's own part of a rename. */
async function renameAsset(from, to) {
  await destroy(stack, from);
  await put(stack, to);
}

/** A row without what changes with every write. */
async function columns(className, id) {
  const { objectId, createdAt, updatedAt, ...rest } = await row(stack, className, id);
  return rest;
}

async function tries(outcome) {
  const text = await (await fetch(`${stack.service.adminUrl}/metrics`)).text();
  return Number(text.match(new RegExp(`queue_tries_total\\{outcome="${outcome}"\\} (\\d+)`))?.[1] ?? 0);
}

describe("moderation", () => {
  test("is written to the rows that hold the picture, hidden ones too, and to no other", async () => {
    const [id, signed] = await photo("app/cat");
    const hidden = await create(stack, "Photo", { picture: signed, ACL: {} }, AS_CLIENT);
    const [other] = await photo("app/cat2");
    for (const status of ["pending", "approved"]) {
      await notify(moderation("app/cat", status));
      await settled(stack);
      assert.deepEqual(await columns("Photo", id), { picture: bare(signed), imageStatus: status });
      assert.equal((await row(stack, "Photo", hidden)).imageStatus, status);
    }
    assert.equal((await row(stack, "Photo", other)).imageStatus, undefined);
  });

  test('that rejects takes the picture away with on_reject = "clear", required or not, and clean-up follows', async () => {
    const [id] = await photo("app/rejected");
    const inAlbum = [await uploaded("app/fine"), await uploaded("app/rejected2")];
    const album = await create(stack, "Album", { pictures: inAlbum }, AS_CLIENT);
    await notify(moderation("app/rejected", "rejected"));
    await notify(moderation("app/rejected2", "rejected"));
    await settled(stack);
    assert.deepEqual(await columns("Photo", id), { imageStatus: "rejected" });
    assert.deepEqual(await columns("Album", album), { pictures: [bare(inAlbum[0])] });
    assert.equal(await exists(stack, "app/rejected"), false);
    assert.equal(await exists(stack, "app/rejected2"), false);
    assert.equal(await exists(stack, "app/fine"), true);
  });

  test('that rejects keeps the picture with on_reject = "keep"', async () => {
    const [id, signed] = await photo("app/kept", "Kept");
    await notify(moderation("app/kept", "rejected"));
    await settled(stack);
    assert.deepEqual(await columns("Kept", id), { picture: bare(signed), status: "rejected" });
  });

  test("comes with an upload, and waits for a save that is slower", async () => {
    const answer = await put(stack, "app/slow");
    await notify({ notification_type: "upload", ...answer, moderation: [{ kind: "manual", status: "pending" }] });
    await until("a failed try", async () => (await tries("failed")) > 0);
    const id = await create(stack, "Kept", { picture: identifier(answer) }, AS_CLIENT);
    await settled(stack);
    assert.equal((await row(stack, "Kept", id)).status, "pending");
  });
});

describe("moderation, where Cloud Code's find triggers hide rows from the master key", () => {
  const fields = 'moderation_field = "status"\n';
  const hiding = useStack({
    manifests: {
      "Photo.toml": `class = "Photo"\n[fields.picture]\n${fields}`,
      "Album.toml": `class = "Album"\n[fields.picture]\n${fields}`,
    },
    classes: {
      Photo: { picture: "String", status: "String", shown: "Boolean" },
      Album: { picture: "String", status: "String", shown: "Boolean" },
    },
    parseServer: { env: { PARSE_SERVER_CLOUD: path.join(import.meta.dirname, "support/hiding-cloud-code.cjs") } },
  });

  for (const [className, trigger] of [["Photo", "beforeFind"], ["Album", "afterFind"]]) {
    test(`is written to the rows that a ${trigger} hides`, async () => {
      const signed = identifier(await put(hiding, `app/${trigger}`));
      await create(hiding, className, { picture: signed }, AS_CLIENT);
      const { json } = await hiding.rest("GET", `/classes/${className}`, { master: true });
      assert.deepEqual(json, { results: [] });
      await notify(moderation(`app/${trigger}`, "approved"), hiding);
      await settled(hiding);
      const pipeline = encodeURIComponent(JSON.stringify([{ $project: { picture: 1, status: 1 } }]));
      const { json: stored } = await hiding.rest("GET", `/aggregate/${className}?pipeline=${pipeline}`, { master: true });
      assert.deepEqual(stored.results.map(({ picture, status }) => ({ picture, status })), [{ picture: bare(signed), status: "approved" }]);
    });
  }
});

describe("the media library", () => {
  test("renames: identifiers follow, also in arrays, and nothing of the old name is queued for clean-up", async () => {
    const [id, signed] = await photo("app/before");
    const pictures = [await uploaded("app/other"), signed];
    const album = await create(stack, "Album", { pictures }, AS_CLIENT);
    await renameAsset("app/before", "app/after");
    await notify(renaming("app/before", "app/after"));
    await settled(stack);
    const renamed = bare(signed).replace("app/before", "app/after");
    assert.deepEqual(await columns("Photo", id), { picture: renamed });
    assert.deepEqual((await row(stack, "Album", album)).pictures.toSorted(), [renamed, bare(pictures[0])].toSorted());
    // One call is the rename's own.
    for (const [name, calls] of [["app/before", 1], ["app/after", 0], ["app/other", 0]]) assert.equal(destroyCalls(name), calls, name);
    // The row is an ordinary one: a client's save of something else goes through.
    await update(stack, "Photo", id, { title: "renamed" }, AS_CLIENT);
  });

  test("renames late: the row of a new upload under the old name is not moved", async () => {
    const [id, signed] = await photo("app/again");
    await put(stack, "app/moved");
    await notify(renaming("app/again", "app/moved"));
    await settled(stack);
    assert.deepEqual(await columns("Photo", id), { picture: bare(signed) });
  });

  test("overwrites: rows get the new version, and nothing that was said of the old one stays", async () => {
    const [id, signed] = await photo("app/over");
    await update(stack, "Photo", id, { imageStatus: "approved", title: "kept" });
    const [, version] = signed.match(/\/v(\d+)\//);
    const newer = { public_id: "app/over", resource_type: "image", type: "upload", version: Number(version) + 1, format: "jpg" };
    await notify({ notification_type: "upload", overwritten: true, ...newer });
    await settled(stack);
    assert.deepEqual(await columns("Photo", id), { picture: `image/upload/v${newer.version}/app/over.jpg`, title: "kept" });
  });

  test("deletes: the identifier goes where the asset is really gone, and stays where it was uploaded anew", async () => {
    const [gone] = await photo("app/gone");
    const [there, signed] = await photo("app/there");
    await destroy(stack, "app/gone");
    await notify(deletion("app/gone", "app/there"));
    await settled(stack);
    assert.deepEqual(await columns("Photo", gone), {});
    assert.deepEqual(await columns("Photo", there), { picture: bare(signed) });
  });
});

test("eager transformations go to eager_field, those that failed do not", async () => {
  const [id, signed] = await photo("app/eager");
  const url = "https://res.cloudinary.com/rig/image/upload/c_fill,w_100/v1/app/eager.jpg";
  const eager = [
    { transformation: "c_fill,w_100", secure_url: url },
    { transformation: "e_odd", status: "failed", reason: "no such effect", secure_url: "https://res.cloudinary.com/rig/image/upload/e_odd/app/eager" },
  ];
  await notify({ notification_type: "eager", public_id: "app/eager", batch_id: "b1", eager });
  await settled(stack);
  assert.deepEqual(await columns("Photo", id), { picture: bare(signed), thumbnails: [url] });
});

describe("a client", () => {
  let proxy;
  let meanwhile;
  // Between this service and Parse Server, so that something can happen between a read and the write that it leads to.
  before(async () => {
    const { origin, pathname } = new URL(stack.parseServer.url);
    proxy = await startProxy(origin, async (answer, url, method) => {
      if (method !== "GET" || !url.startsWith(`${pathname}/aggregate/Photo`) || !JSON.parse(answer.body).results?.[0]?.picture) return;
      const happens = meanwhile;
      meanwhile = undefined;
      await happens?.();
    });
    await restartService(stack, { CLOUDINARY_PARSE_SERVER_URL: proxy.url + pathname });
  });
  after(async () => {
    await restartService(stack, { CLOUDINARY_PARSE_SERVER_URL: undefined });
    proxy.stop();
  });

  const cases = {
    rejection: { what: moderation("app/overtaken0", "rejected"), name: "app/overtaken0" },
    rename: { what: renaming("app/overtaken1", "app/renamed1"), name: "app/overtaken1", first: () => renameAsset("app/overtaken1", "app/renamed1") },
    approval: { what: moderation("app/overtaken2", "approved"), name: "app/overtaken2" },
  };
  for (const [kind, { what, name, first }] of Object.entries(cases)) {
    test(`who saves another picture is not overwritten (${kind})`, async () => {
      const [id] = await photo(name);
      const newer = await uploaded(`${name}-newer`);
      await first?.();
      meanwhile = () => update(stack, "Photo", id, { picture: newer }, AS_CLIENT);
      await notify(what);
      await settled(stack);
      assert.deepEqual(await columns("Photo", id), { picture: bare(newer) });
    });
  }

  test("who deletes the row ends the matter", async () => {
    const [id] = await photo("app/vanishes");
    meanwhile = () => stack.rest("DELETE", `/classes/Photo/${id}`, { master: true });
    await notify(moderation("app/vanishes", "approved"));
    await settled(stack);
    assert.equal((await stack.rest("GET", `/classes/Photo/${id}`, { master: true })).status, 404);
  });

  test("who saves a title at the same time loses nothing", async () => {
    const [id, signed] = await photo("app/title");
    meanwhile = () => update(stack, "Photo", id, { title: "new" }, AS_CLIENT);
    await notify(moderation("app/title", "approved"));
    await settled(stack);
    assert.deepEqual(await columns("Photo", id), { picture: bare(signed), title: "new", imageStatus: "approved" });
  });

  test("cannot copy the mark of our writes into a save of its own", async () => {
    const [id, signed] = await photo("app/mark");
    const context = { cloudinary_follow: { field: "picture", at: now(), mac: "00".repeat(32) } };
    const forged = { picture: bare(signed).replace("app/mark", "app/stolen") };
    const answer = await stack.rest("PUT", `/classes/Photo/${id}`, { body: forged, context });
    assert.deepEqual([answer.status, answer.json], [400, { code: 141, error: "Bad signature" }]);
  });
});

describe("a notification", () => {
  test("is done once, however often it comes", async () => {
    const [id] = await photo("app/replay");
    const text = JSON.stringify(moderation("app/replay", "approved"));
    assert.deepEqual(await post(text), TAKEN);
    await settled(stack);
    await update(stack, "Photo", id, { imageStatus: "by hand" });
    assert.deepEqual(await post(text), TAKEN);
    assert.deepEqual(await post(text, { timestamp: now() - 60 }), TAKEN);
    assert.deepEqual(await jobs(stack), []);
    assert.equal((await row(stack, "Photo", id)).imageStatus, "by hand");
  });

  test("that Cloudinary did not sign, or not now, is refused and changes nothing", async () => {
    const [id, signed] = await photo("app/forged");
    const text = JSON.stringify(moderation("app/forged", "rejected"));
    assert.deepEqual(await post(text, { secret: "another secret" }), UNAUTHORIZED);
    assert.deepEqual(await post(text, { headers: { "X-Cld-Signature": "" } }), UNAUTHORIZED);
    assert.deepEqual(await post(text, { timestamp: now() - 7300 }), UNAUTHORIZED);
    assert.deepEqual(await post(text, { timestamp: now() + 400 }), UNAUTHORIZED);
    assert.deepEqual(await post(text, { timestamp: `+${now()}` }), UNAUTHORIZED);
    const signature = cloudinary.utils.webhook_signature(text, now(), { api_secret: ACCOUNT.api_secret });
    assert.deepEqual(await post(`${text} `, { headers: { "X-Cld-Signature": signature } }), UNAUTHORIZED);
    assert.deepEqual(await jobs(stack), []);
    assert.deepEqual(await columns("Photo", id), { picture: bare(signed) });
  });

  test("that is signed but no JSON object is a bad request", async () => {
    for (const text of ["[]", "5", "{", "{}x"]) assert.deepEqual(await post(text), BAD_REQUEST, text);
  });

  test("of another type, or nearly two hours old, is taken", async () => {
    assert.deepEqual(await post('{"notification_type":"create_folder","folder_path":"a"}', { timestamp: now() - 7100 }), TAKEN);
    assert.deepEqual(await jobs(stack), []);
  });
});
