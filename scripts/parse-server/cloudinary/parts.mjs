// Uploads that come in parts: each with its place in the file, all under one id.
import { createHash } from "node:crypto";
import { ApiError } from "./errors.mjs";

const MIN_PART_BYTES = 5 * 1024 * 1024;
const RANGE = /^bytes (\d+)-(\d+)\/(\d+|-1)$/;

/**
 * Takes in one part as Cloudinary documents it: in order, every part but the last of more than 5 MB, the same parameters
 * with each (the SDKs renew the timestamp). A part that came last may come again: its answer may have been lost.
 * @param {Map<string, object>} uploads those that are under way, by id
 * @param {{headers: object, resourceType: string, fields: object, file: {name?: string, bytes: Buffer} | undefined}} call
 * @returns {{name?: string, bytes: Buffer} | {answer: object}} the whole file once it is there, else what to answer
 * @throws {ApiError}
 */
export function receivePart(uploads, { headers, resourceType, fields, file }) {
  const id = headers["x-unique-upload-id"];
  if (!id) throw new ApiError(400, "Missing X-Unique-Upload-Id header");
  const [, start, end, total] = (headers["content-range"].match(RANGE) ?? []).map(Number);
  if (!(start <= end && (total === -1 || end < total))) throw new ApiError(400, "Invalid Content-Range header");
  if (file?.bytes.length !== end - start + 1) throw new ApiError(400, "Content-Range does not match the size of the part");
  const last = end + 1 === total;
  if (!last && file.bytes.length < MIN_PART_BYTES) throw new ApiError(400, "All parts except EOF-chunk must be larger than 5mb");

  const about = JSON.stringify([resourceType, parameters(fields)]);
  const upload = uploads.get(id) ?? { about, parts: [], received: 0, total };
  if (upload.about !== about) throw new ApiError(400, "The parameters of a part differ from those of the first one");
  if (total !== -1 && upload.total !== -1 && upload.total !== total) throw new ApiError(400, "The total size differs from the one before");
  const again = upload.parts.at(-1);
  if (again && start === upload.received - again.length && end + 1 === upload.received) upload.received -= upload.parts.pop().length;
  if (start !== upload.received) throw new ApiError(400, `Expected a part that begins at ${upload.received}`);
  upload.parts.push(file.bytes);
  upload.received = end + 1;
  upload.total = total;
  uploads.set(id, upload);
  console.log(`part ${start}-${end}/${total} of ${id}, signed at ${fields.timestamp}`);

  if (!last) return { answer: { done: false, bytes: upload.received, kind: "upload", resource_type: resourceType } };
  uploads.delete(id);
  return { name: file.name, bytes: Buffer.concat(upload.parts) };
}

/** What all parts must have in common. */
function parameters({ timestamp: _, signature: __, file: ___, ...rest }) {
  const text = JSON.stringify(Object.entries(rest).sort());
  return createHash("sha256").update(text).digest("hex");
}
