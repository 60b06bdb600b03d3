// A double of Cloudinary: the Upload API's upload, rename and destroy, the Admin API's resources, and delivery, over HTTP.
//
//   CLOUDINARY_URL        the account; only key, secret, cloud name and signature_algorithm matter
//   PORT                  0 (the default) takes a free one
//   RIG_EXIT_WITH_STDIN   1: end when standard input does
import { once } from "node:events";
import http from "node:http";
import Busboy from "@fastify/busboy";
import { deliver } from "./cloudinary/delivery.mjs";
import { ApiError } from "./cloudinary/errors.mjs";
import { receivePart } from "./cloudinary/parts.mjs";
import { checkCall } from "./cloudinary/signatures.mjs";
import { assetKey, rename, storeUpload } from "./cloudinary/upload.mjs";
import { endWithStarter } from "./lifecycle.mjs";

const MAX_UPLOAD_BYTES = 100 * 1024 * 1024;
// What Cloudinary's answer to a preflight allows.
const ALLOWED_METHODS = "POST, GET, OPTIONS";
const ALLOWED_HEADERS =
  "Cache-Control, Content-Disposition, Content-MD5, Content-Range, Content-Type, DPR, Viewport-Width, X-CSRF-Token, X-Prototype-Version, X-Requested-With, X-Unique-Upload-Id";

async function answer(cloud, request, response) {
  response.setHeader("Access-Control-Allow-Origin", "*");
  if (request.method === "OPTIONS") {
    response.setHeader("Access-Control-Allow-Methods", ALLOWED_METHODS);
    response.setHeader("Access-Control-Allow-Headers", ALLOWED_HEADERS);
    return response.writeHead(200).end();
  }
  try {
    const { contentType = "application/json; charset=utf-8", headers, body } = await route(cloud, request);
    response.writeHead(200, { "Content-Type": contentType, ...headers }).end(body);
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 500;
    if (status === 500) console.error(error);
    // Delivery has no JSON: there the header is all that Cloudinary says.
    response.setHeader("X-Cld-Error", encodeURI(error.message));
    response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" });
    response.end(JSON.stringify({ error: { message: error.message } }));
  }
}

async function route(cloud, request) {
  const segments = new URL(request.url, cloud.base).pathname.slice(1).split("/").map(decodeURIComponent);
  const api = segments[0] === "v1_1";
  const [cloudName, ...rest] = api ? segments.slice(1) : segments;
  if (cloudName !== cloud.account.cloud_name) throw new ApiError(401, `Invalid cloud_name ${cloudName}`);
  if (request.method === "POST" && api && rest.length === 2) return json(await callUploadApi(cloud, rest, request));
  if (request.method === "GET" && api && ["resources", "ping"].includes(rest[0])) return { ...json(callAdminApi(cloud, rest, request)), headers: limitHeaders() };
  if (request.method === "GET" && !api) {
    const { contentType, bytes } = deliver(cloud, rest);
    return { contentType, body: bytes };
  }
  throw new ApiError(404, "Not found");
}

/** The Admin API's limit, which the double never counts down. */
function limitHeaders() {
  const reset = new Date(Math.ceil(Date.now() / 3_600_000) * 3_600_000).toUTCString();
  return { "X-FeatureRateLimit-Limit": "5000", "X-FeatureRateLimit-Remaining": "4999", "X-FeatureRateLimit-Reset": reset };
}

function json(value) {
  return { body: JSON.stringify(value) };
}

async function callUploadApi(cloud, [resourceType, action], request) {
  const { fields, file } = await readForm(request);
  switch (action) {
    case "upload": {
      checkCall(cloud.account, fields);
      if (request.headers["content-range"] === undefined) return storeUpload(cloud, resourceType, fields, file);
      const whole = receivePart(cloud.uploads, { headers: request.headers, resourceType, fields, file });
      return whole.answer ?? storeUpload(cloud, resourceType, fields, whole);
    }
    case "destroy": {
      checkCall(cloud.account, fields);
      if (!fields.public_id) throw new ApiError(400, "Missing required parameter - public_id");
      const key = assetKey(resourceType, fields.type || "upload", fields.public_id);
      const result = cloud.assets.delete(key) ? "ok" : "not found";
      console.log(`destroy ${key}: ${result}`);
      return { result };
    }
    case "rename":
      checkCall(cloud.account, fields);
      return rename(cloud, resourceType, fields);
    default:
      throw new ApiError(404, `Unknown action ${action}`);
  }
}

function callAdminApi({ account, assets, base }, [action, ...path], request) {
  const credentials = Buffer.from(`${account.api_key}:${account.api_secret}`).toString("base64");
  if (request.headers.authorization !== `Basic ${credentials}`) throw new ApiError(401, "Invalid credentials");
  if (action === "ping") return { status: "ok" };
  const [resourceType, type, ...publicId] = path;
  if (publicId.length === 0) return listResources(assets, resourceType, type, new URL(request.url, base).searchParams);
  const asset = assets.get(assetKey(resourceType, type, publicId.join("/")));
  if (!asset) throw new ApiError(404, `Resource not found - ${publicId.join("/")}`);
  return resource(asset);
}

/** The assets of one kind: those that are asked for by public_id, else those with a prefix, page by page. */
function listResources(assets, resourceType, type, query) {
  const wanted = query.getAll("public_ids[]");
  if (wanted.length > 0) {
    const found = wanted.map((publicId) => assets.get(assetKey(resourceType, type, publicId))).filter(Boolean);
    return { resources: found.map(resource) };
  }
  const start = Number(query.get("next_cursor") ?? 0);
  if (!Number.isInteger(start)) throw new ApiError(400, "Invalid value for parameter next_cursor");
  const end = start + Number(query.get("max_results") ?? 10);
  const beginning = assetKey(resourceType, type, query.get("prefix") ?? "");
  const found = [...assets].filter(([key]) => key.startsWith(beginning)).map(([, asset]) => resource(asset));
  return { resources: found.slice(start, end), ...(end < found.length && { next_cursor: String(end) }) };
}

/** The Admin API never hands out what an upload's answer says of its signing. */
function resource(asset) {
  const { signature: _, api_key: __, ...rest } = asset.answer;
  return rest;
}

/** Reads multipart and urlencoded forms; the file may also be a data URI. */
async function readForm(request) {
  const fields = {};
  let file;
  let tooLarge = false;
  const form = formReader(request.headers);
  form.on("field", (name, value) => {
    if (!name.endsWith("[]")) fields[name] = value;
    else (fields[name.slice(0, -2)] ??= []).push(value);
  });
  form.on("file", (name, stream, filename) => {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("limit", () => (tooLarge = true));
    stream.on("end", () => {
      if (name === "file") file = { name: filename, bytes: Buffer.concat(chunks) };
    });
  });
  request.pipe(form);
  await once(form, "finish");
  if (tooLarge) throw new ApiError(400, `File size too large. Maximum is ${MAX_UPLOAD_BYTES}.`);
  return { fields, file: file ?? fileFromDataUri(fields.file) };
}

function formReader(headers) {
  try {
    return new Busboy({ headers, limits: { fileSize: MAX_UPLOAD_BYTES, fieldSize: MAX_UPLOAD_BYTES } });
  } catch {
    throw new ApiError(400, "Expected a multipart or urlencoded form");
  }
}

function fileFromDataUri(value) {
  if (value === undefined) return undefined;
  const encoded = value.match(/^data:[^,]*;base64,(.*)$/s)?.[1];
  if (encoded === undefined) throw new ApiError(400, "The double takes a file or a base64 data URI, no remote URLs");
  return { bytes: Buffer.from(encoded, "base64") };
}

const { username, password, hostname, searchParams } = new URL(process.env.CLOUDINARY_URL);
const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => answer(cloud, request, response));
server.listen(Number(process.env.PORT || 0), "127.0.0.1");
await once(server, "listening");
const cloud = {
  account: {
    cloud_name: hostname,
    api_key: username,
    api_secret: password,
    signature_algorithm: searchParams.get("signature_algorithm") ?? undefined,
  },
  assets: new Map(),
  uploads: new Map(),
  base: `http://127.0.0.1:${server.address().port}`,
};
console.log(`Cloudinary double listening on ${cloud.base}`);
endWithStarter(() => process.exit(0));
