// What becomes of an uploaded file: its public_id, its format, its version, and the answer.
import { createHash, randomBytes } from "node:crypto";
import { readPicture } from "./picture.mjs";
import { ApiError } from "./errors.mjs";
import { responseSignature } from "./signatures.mjs";

const TYPES = ["upload", "private", "authenticated"];
const RESOURCE_TYPES = ["image", "video", "raw", "auto"];
const ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

const isTrue = (value) => value === "true" || value === "1";
const isFalse = (value) => value === "false" || value === "0";

/** The key under which an asset is stored. */
export function assetKey(resourceType, type, publicId) {
  return `${resourceType}/${type}/${publicId}`;
}

/**
 * Stores a file and says so as Cloudinary does.
 * @param {Map<string, object>} assets
 * @param {string} wantedType the URL's resource type, `auto` included
 * @param {Record<string, string | string[]>} fields the form's fields
 * @param {{name?: string, bytes: Buffer} | undefined} file
 */
export function storeUpload({ account, assets, base }, wantedType, fields, file) {
  if (!RESOURCE_TYPES.includes(wantedType)) throw new ApiError(400, `Invalid resource type ${wantedType}`);
  if (!file?.bytes.length) throw new ApiError(400, file ? "Empty file" : "Missing required parameter - file");
  const type = fields.type || "upload";
  if (!TYPES.includes(type)) throw new ApiError(400, `Invalid type ${type}`);

  const { resourceType, ...media } = inspect(wantedType, file);
  checkFormat(fields.allowed_formats, media.format);
  const publicId = publicIdFor(fields, file, resourceType);
  const key = assetKey(resourceType, type, publicId);
  const existing = assets.get(key);
  if (isTrue(fields.async)) return { status: "pending", resource_type: resourceType, type, public_id: publicId, batch_id: randomBytes(16).toString("hex") };
  if (existing && isFalse(fields.overwrite)) return { ...existing.answer, existing: true };

  // Uploads of one second would share a version: it must tell them apart for whoever waits for the newer one.
  const version = Math.max(Math.floor(Date.now() / 1000), (existing?.answer.version ?? 0) + 1);
  const path = (transformation, format = media.format) =>
    encodeURI([account.cloud_name, resourceType, type, transformation, `v${version}`, publicId].filter(Boolean).join("/")) +
    (format ? `.${format}` : "");
  const answer = {
    asset_id: existing?.answer.asset_id ?? randomBytes(16).toString("hex"),
    public_id: publicId,
    version,
    version_id: randomBytes(16).toString("hex"),
    signature: responseSignature(account, publicId, version),
    ...(media.width && { width: media.width, height: media.height }),
    ...(media.format && { format: media.format }),
    resource_type: resourceType,
    created_at: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
    tags: list(fields.tags),
    ...(resourceType === "image" && { pages: 1 }),
    bytes: file.bytes.length,
    type,
    etag: createHash("md5").update(file.bytes).digest("hex"),
    placeholder: false,
    url: `${base}/${path()}`,
    secure_url: `${base}/${path()}`,
    ...(fields.folder && { folder: fields.folder }),
    asset_folder: fields.asset_folder ?? "",
    display_name: fields.display_name ?? publicId.split("/").at(-1),
    ...(fields.context && { context: { custom: context(fields.context) } }),
    ...(fields.moderation && { moderation: moderations(fields.moderation) }),
    original_filename: stem(file.name ?? "file"),
    ...(fields.eager && { eager: eager(fields.eager, base, path, file.bytes.length) }),
    api_key: account.api_key,
  };
  assets.set(key, { answer, bytes: file.bytes });
  return answer;
}

/** Of several moderations the first is at work, and the rest wait for it. */
function moderations(text) {
  return text.split("|").map((kind, index) => ({ status: index === 0 ? "pending" : "queued", kind }));
}

/** Gives an asset another public ID, another type, or both. */
export function rename({ account, assets }, resourceType, fields) {
  const type = fields.type || "upload";
  const from = assetKey(resourceType, type, fields.from_public_id);
  const toType = fields.to_type || type;
  const to = assetKey(resourceType, toType, fields.to_public_id);
  const asset = assets.get(from);
  if (!asset) throw new ApiError(404, `Resource not found - ${fields.from_public_id}`);
  if (assets.has(to) && !isTrue(fields.overwrite)) throw new ApiError(400, `to_public_id ${fields.to_public_id} already exists`);
  assets.delete(from);
  const { version } = asset.answer;
  const answer = { ...asset.answer, public_id: fields.to_public_id, type: toType, signature: responseSignature(account, fields.to_public_id, version) };
  assets.set(to, { ...asset, answer });
  return answer;
}

/** What the bytes are; `auto` decides by them. Only pictures are looked into: a video is anything but a picture. */
function inspect(wantedType, file) {
  const picture = readPicture(file.bytes);
  if (wantedType === "raw" || (wantedType === "auto" && !picture)) return { resourceType: "raw" };
  if (wantedType === "video") {
    if (picture) throw new ApiError(400, "Unsupported video format or file");
    return { resourceType: "video", format: extension(file.name)?.slice(1) ?? "mp4" };
  }
  if (!picture) throw new ApiError(400, "Invalid image file");
  return { resourceType: "image", ...picture };
}

function checkFormat(allowedFormats, format) {
  const allowed = list(allowedFormats);
  if (allowed.length && format && !allowed.includes(format)) {
    throw new ApiError(400, `Image file format ${format} not allowed`);
  }
}

function publicIdFor(fields, file, resourceType) {
  const id = fields.public_id || generatedId(fields, file, resourceType);
  const folder =
    fields.folder || fields.public_id_prefix || (isTrue(fields.use_asset_folder_as_public_id_prefix) && fields.asset_folder);
  const publicId = (folder ? `${folder}/${id}` : id).replaceAll(/\/{2,}/g, "/").replaceAll(/^\/|\/$/g, "");
  if (/[?&#\\%<>]/.test(publicId)) throw new ApiError(400, `public_id (${publicId}) is invalid`);
  return publicId;
}

function generatedId(fields, file, resourceType) {
  const name = fields.filename_override || file.name;
  const suffix = resourceType === "raw" ? (extension(name) ?? "") : "";
  if (!isTrue(fields.use_filename) || !name) return randomId(20) + suffix;
  return (isFalse(fields.unique_filename) ? stem(name) : `${stem(name)}_${randomId(6)}`) + suffix;
}

function randomId(length) {
  return Array.from(randomBytes(length), (byte) => ID_LETTERS[byte % ID_LETTERS.length]).join("");
}

function extension(name) {
  return name?.match(/\.[^./]+$/)?.[0];
}

function stem(name) {
  return name.replace(/\.[^./]+$/, "");
}

function list(value) {
  if (Array.isArray(value)) return value;
  return value ? value.split(",").map((item) => item.trim()) : [];
}

/** `key=value` joined by `|`; a backslash escapes `|` and `=`. */
function context(text) {
  const pairs = text.split(/(?<!\\)\|/).map((pair) => pair.split(/(?<!\\)=(.*)/s));
  return Object.fromEntries(pairs.map(([name, value]) => [name, value.replaceAll(/\\([|=])/g, "$1")]));
}

/** Derived pictures, `|` between them, each with an optional `/format` at its end. */
function eager(text, base, path, bytes) {
  return text.split("|").map((item) => {
    const [, transformation, format] = item.match(/^(.*?)(?:\/([a-z0-9]*))?$/);
    const url = `${base}/${path(transformation, format || undefined)}`;
    const size = (letter) => Number(transformation.match(new RegExp(`(?:^|[,/])${letter}_(\\d+)`))?.[1]) || undefined;
    return { transformation, width: size("w"), height: size("h"), bytes, format, url, secure_url: url };
  });
}
