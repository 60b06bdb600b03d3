// The check as Cloud Code in Parse Server's own process, with Cloudinary's official SDK.
const { createRequire } = require("node:module");
const path = require("node:path");
const { v2: cloudinary } = createRequire(path.join(__dirname, "../parse-server/package.json"))("cloudinary");

const FIELD = "cloudinaryIdentifier";
const IDENTIFIER = /^image\/upload\/v(\d+)\/(.+?)(?:\.[^./]+)?#([0-9a-f]{40})$/;
// The SDK reads CLOUDINARY_URL itself, but not before it is asked.
cloudinary.config();

Parse.Cloud.beforeSave("Photo", ({ object }) => {
  if (!object.dirty(FIELD)) return;
  const value = object.get(FIELD);
  const [, version, publicId, signature] = IDENTIFIER.exec(value) ?? [];
  if (!publicId || !cloudinary.utils.verify_api_response_signature(publicId, version, signature)) throw "Bad signature";
  object.set(FIELD, value.slice(0, value.indexOf("#")));
});
