// The least that an Express app with Cloudinary's official SDK needs for the three endpoints of the comparison.
import { timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(new URL("../parse-server/package.json", import.meta.url));
const express = require("express");
const { v2: cloudinary } = require("cloudinary");

const { PORT, PARSE_SERVER_WEBHOOK_KEY } = process.env;
const FIELD = "cloudinaryIdentifier";
const IDENTIFIER = /^(image)\/(upload)\/v(\d+)\/(.+?)(\.[^./]+)?#([0-9a-f]{40})$/;
// The SDK reads CLOUDINARY_URL itself.
const { api_key, api_secret } = cloudinary.config();
const key = Buffer.from(PARSE_SERVER_WEBHOOK_KEY);

function fromParseServer(request, response, next) {
  const given = Buffer.from(request.get("X-Parse-Webhook-Key") ?? "");
  if (given.length === key.length && timingSafeEqual(given, key)) next();
  else response.status(401).json({ error: "unauthorized" });
}

function beforeSave({ object, original }) {
  const value = object[FIELD];
  if (value === undefined || value === original?.[FIELD]) return {};
  const [, , , version, publicId, , signature] = IDENTIFIER.exec(value) ?? [];
  if (!publicId || !cloudinary.utils.verify_api_response_signature(publicId, version, signature)) return { error: "Bad signature" };
  const changed = Object.entries(object).filter(([name, v]) => !original || JSON.stringify(v) !== JSON.stringify(original[name]));
  return { success: { ...Object.fromEntries(changed), [FIELD]: value.slice(0, value.indexOf("#")) } };
}

function sign({ user }) {
  if (!user) return { error: "Needs an authenticated user" };
  const eager = cloudinary.utils.generate_transformation_string({ crop: "fill", width: 150, height: 100, gravity: "face" });
  const fields = { timestamp: Math.floor(Date.now() / 1000), tags: user.username, eager };
  return { success: { ...fields, signature: cloudinary.utils.api_sign_request(fields, api_secret), api_key } };
}

function url({ user, params: { identifier, options } }) {
  if (!user) return { error: "Needs an authenticated user" };
  const { crop, width, height, gravity } = options;
  const [, resource_type, type, version, publicId] = /^(\w+)\/(\w+)\/v(\d+)\/(.+)$/.exec(identifier);
  return { success: { url: cloudinary.url(publicId, { resource_type, type, version, secure: true, analytics: false, crop, width, height, gravity }) } };
}

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.use(fromParseServer, express.json({ limit: "16mb" }));
for (const [path, answer] of Object.entries({
  "/triggers/Photo/beforeSave": beforeSave,
  "/functions/sign_cloudinary_upload_request": sign,
  "/functions/photo_url": url,
})) {
  app.post(path, (request, response) => response.json(answer(request.body)));
}
app.listen(Number(PORT), "127.0.0.1");
