// The main job with the shipped manifests and the official SDKs: sign, upload, save, read back, show.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ACCOUNT,
  assertRefused,
  bare,
  cloudinary,
  count,
  create,
  identifier,
  mintIdentifier,
  Parse,
  picture,
  row,
  signUp,
  upload,
  useStack,
} from "./support/rig.mjs";

const PICTURE = picture();
const pictureClass = { title: "String", cloudinaryIdentifier: "String" };
let ann;
let bob;
const stack = useStack({
  classes: { Photo: pictureClass, Portrait: pictureClass },
  prepare: async () => {
    [ann, bob] = await Promise.all([signUp("ann"), signUp("bob")]);
  },
});

const as = (user) => ({ sessionToken: user.getSessionToken() });

async function uploadAs(user, signFunction = "sign_cloudinary_upload_request", params = {}) {
  const fields = await Parse.Cloud.run(signFunction, params, as(user));
  return upload(stack.double.url, ACCOUNT.cloud_name, fields, PICTURE);
}

function post(className, body, user = ann) {
  return stack.rest("POST", `/classes/${className}`, { body, session: user.getSessionToken() });
}

describe("signing an upload", () => {
  test("answers exactly the fields to post, and Cloudinary accepts them", async () => {
    const fields = await Parse.Cloud.run("sign_cloudinary_upload_request", {}, as(ann));
    assert.deepEqual(Object.keys(fields).sort(), ["api_key", "eager", "signature", "tags", "timestamp"]);
    assert.equal(fields.api_key, ACCOUNT.api_key);
    assert.equal(fields.tags, ann.getUsername());
    assert.equal(fields.eager, "c_fill,g_face,h_100,w_150");
    const uploaded = await upload(stack.double.url, ACCOUNT.cloud_name, fields, PICTURE);
    assert.deepEqual(uploaded.tags, [ann.getUsername()]);
    assert.equal(uploaded.eager[0].transformation, "c_fill,g_face,h_100,w_150");
  });

  test("is refused to a caller without a session", async () => {
    assertRefused(await stack.rest("POST", "/functions/sign_cloudinary_upload_request", { body: {} }), "Needs an authenticated user");
  });

  test("is refused to the master key alone", async () => {
    const answer = await stack.rest("POST", "/functions/sign_cloudinary_upload_request", { body: {}, master: true });
    assertRefused(answer, "Needs an authenticated user");
  });

  test("yields fields that Cloudinary refuses once one of them was changed", async () => {
    const fields = await Parse.Cloud.run("sign_cloudinary_upload_request", {}, as(ann));
    await assert.rejects(upload(stack.double.url, ACCOUNT.cloud_name, { ...fields, tags: "other" }, PICTURE), /401: Invalid Signature/);
    await assert.rejects(upload(stack.double.url, ACCOUNT.cloud_name, { ...fields, public_id: "chosen" }, PICTURE), /401: Invalid Signature/);
  });
});

describe("saving a photo", () => {
  test("stores the identifier without its signature, and answers it so", async () => {
    const uploaded = await uploadAs(ann);
    const signed = identifier(uploaded);
    const photo = await new Parse.Object("Photo", { title: "Our street" }).save({ cloudinaryIdentifier: signed }, as(ann));
    assert.equal(photo.get("cloudinaryIdentifier"), bare(signed));
    const stored = await row(stack, "Photo", photo.id);
    assert.equal(stored.cloudinaryIdentifier, bare(signed));
    assert.equal(stored.title, "Our street");
  });

  test("works again with what was read back, and with the picture cleared", async () => {
    const signed = identifier(await uploadAs(ann));
    const { id } = await new Parse.Object("Photo").save({ cloudinaryIdentifier: signed }, as(ann));
    const read = await new Parse.Query("Photo").get(id, as(ann));
    await read.save({ title: "again", cloudinaryIdentifier: read.get("cloudinaryIdentifier") }, as(ann));
    assert.equal((await row(stack, "Photo", id)).cloudinaryIdentifier, bare(signed));
    await read.save({ cloudinaryIdentifier: null }, as(ann));
    assert.equal((await row(stack, "Photo", id)).cloudinaryIdentifier ?? null, null);
    read.unset("cloudinaryIdentifier");
    await read.save(null, as(ann));
    assert.equal((await row(stack, "Photo", id)).title, "again");
  });

  const genuine = mintIdentifier("genuine", 1700000000);
  const [, signature] = genuine.split("#");
  const forgeries = {
    "another public_id under a genuine signature": `image/upload/v1700000000/other.jpg#${signature}`,
    "another version under a genuine signature": `image/upload/v1700000001/genuine.jpg#${signature}`,
    "a made-up signature": `image/upload/v1700000000/genuine.jpg#${"0".repeat(40)}`,
    "an upper-case signature": `image/upload/v1700000000/genuine.jpg#${signature.toUpperCase()}`,
    "no signature": bare(genuine),
    "an empty signature": `${bare(genuine)}#`,
  };
  for (const [name, forged] of Object.entries(forgeries)) {
    test(`refuses ${name}`, async () => {
      const before = await count(stack, "Photo");
      assertRefused(await post("Photo", { cloudinaryIdentifier: forged }), "Bad signature");
      assertRefused(await stack.rest("POST", "/classes/Photo", { master: true, body: { cloudinaryIdentifier: forged } }), "Bad signature");
      assert.equal(await count(stack, "Photo"), before);
    });
  }

  test("refuses a forged update and keeps the row as it was", async () => {
    const id = await create(stack, "Photo", { title: "kept", cloudinaryIdentifier: genuine });
    const before = await row(stack, "Photo", id);
    assertRefused(await stack.rest("PUT", `/classes/Photo/${id}`, { body: { title: "x", cloudinaryIdentifier: forgeries["no signature"].replace("genuine", "other") } }), "Bad signature");
    assert.deepEqual(await row(stack, "Photo", id), before);
  });

  test("refuses what is no identifier by class and field", async () => {
    for (const value of ["sample.jpg", 5, { url: "x" }, [genuine], { __op: "Increment", amount: 1 }]) {
      const answer = await post("Photo", { cloudinaryIdentifier: value });
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.json.code, 141);
      assert.match(answer.json.error, /^Photo\.cloudinaryIdentifier: expected /);
    }
  });
});

describe("a portrait in the user's own folder", () => {
  test("is signed into the folder and saved", async () => {
    const uploaded = await uploadAs(bob, "sign_portrait_upload");
    assert.ok(uploaded.public_id.startsWith(`users/${bob.id}/`), uploaded.public_id);
    const portrait = await new Parse.Object("Portrait").save({ cloudinaryIdentifier: identifier(uploaded) }, as(bob));
    assert.equal((await row(stack, "Portrait", portrait.id)).cloudinaryIdentifier, bare(identifier(uploaded)));
  });

  test("is refused to everyone else, by class and field", async () => {
    const signed = identifier(await uploadAs(bob, "sign_portrait_upload"));
    const answer = await post("Portrait", { cloudinaryIdentifier: signed });
    assertRefused(answer, `Portrait.cloudinaryIdentifier: expected a public_id in folder "users/${ann.id}"`);
  });

  test("is refused without a session, the master key included", async () => {
    const signed = mintIdentifier(`users/${bob.id}/cat`);
    for (const caller of [{}, { master: true }]) {
      const answer = await stack.rest("POST", "/classes/Portrait", { body: { cloudinaryIdentifier: signed }, ...caller });
      assert.match(answer.json.error, /^Portrait\.cloudinaryIdentifier: expected a session/);
    }
  });
});

describe("the thumbnail's URL", () => {
  test("shows the picture that was uploaded", async () => {
    const uploaded = await uploadAs(ann);
    const { id } = await new Parse.Object("Photo").save({ cloudinaryIdentifier: identifier(uploaded) }, as(ann));
    const { url } = await Parse.Cloud.run("photo_thumbnail_url", { objectId: id }, as(ann));
    const response = await fetch(url);
    assert.equal(response.status, 200, url);
    assert.equal(response.headers.get("content-type"), "image/png");
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), PICTURE);
  });

  test("is the one that Cloudinary's SDK builds", async () => {
    const signed = mintIdentifier("old/streets/our street", 1700000000);
    const id = await create(stack, "Photo", { cloudinaryIdentifier: signed });
    const { url } = await Parse.Cloud.run("photo_thumbnail_url", { objectId: id }, as(ann));
    const expected = cloudinary.url("old/streets/our street", {
      ...ACCOUNT,
      secure: false,
      cname: new URL(stack.double.url).host,
      version: 1700000000,
      format: "jpg",
      urlAnalytics: false,
      crop: "fill",
      width: 150,
      height: 100,
      gravity: "face",
    });
    assert.equal(url, expected);
  });

  test("is refused without a session", async () => {
    assertRefused(await stack.rest("POST", "/functions/photo_thumbnail_url", { body: { objectId: "x" } }), "Needs an authenticated user");
  });

  test("is refused for a photo that is not there, has no picture or is not the caller's to read", async () => {
    const empty = await create(stack, "Photo", { title: "no picture" });
    const hidden = await create(stack, "Photo", {
      cloudinaryIdentifier: mintIdentifier("hidden"),
      ACL: { [bob.id]: { read: true, write: true } },
    });
    for (const objectId of ["nosuchrow1", empty, hidden]) {
      const answer = await stack.rest("POST", "/functions/photo_thumbnail_url", { session: ann.getSessionToken(), body: { objectId } });
      assertRefused(answer, "image lookup failed");
    }
    const { url } = await Parse.Cloud.run("photo_thumbnail_url", { objectId: hidden }, as(bob));
    assert.match(url, /hidden\.jpg$/);
  });
});
