/* global Parse */
// What an app made of Cloudinary's module for today's Parse Server: it signs, checks and builds URLs itself.
const { createHash } = require("node:crypto");

const { MODULE_ACCOUNT } = process.env;
const { cloud_name, api_key, api_secret } = JSON.parse(MODULE_ACCOUNT);
const sign = (parameters) => {
  const text = Object.keys(parameters).sort().map((name) => `${name}=${parameters[name]}`).join("&");
  return createHash("sha1").update(text + api_secret).digest("hex");
};

Parse.Cloud.define("sign_cloudinary_upload_request", ({ user }) => {
  if (!user) throw "Needs an authenticated user";
  const fields = { timestamp: Math.floor(Date.now() / 1000), tags: user.getUsername() };
  return { ...fields, signature: sign(fields), api_key };
});

Parse.Cloud.beforeSave("Photo", ({ object }) => {
  if (!object.dirty("cloudinaryIdentifier")) return;
  const [bare, signature] = object.get("cloudinaryIdentifier").split("#");
  const [, version, public_id] = /v(\d+)\/([^/]*?)(?:\.\w+)?$/.exec(bare) ?? [];
  if (sign({ public_id, version }) !== signature) throw "Bad signature";
  object.set("cloudinaryIdentifier", bare);
});

Parse.Cloud.define("photo_thumbnail_url", async ({ params }) => {
  const photo = await new Parse.Query("Photo").get(params.objectId, { useMasterKey: true });
  return { url: `http://res.cloudinary.com/${cloud_name}/${photo.get("cloudinaryIdentifier").replace("/v", "/c_fill,h_100,w_150/v")}` };
});
