// Every signature here is made by the official SDK, so that the service under test is never measured by itself.
import { v2 as sdk } from "cloudinary";
import { ApiError } from "./errors.mjs";

const MAX_AGE_SECONDS = 3600;
const NEVER_SIGNED = new Set(["file", "api_key", "signature", "resource_type", "cloud_name"]);

/**
 * Checks an authenticated API call as Cloudinary does.
 * @throws {ApiError}
 */
export function checkCall(account, fields) {
  if (fields.api_key === undefined) throw new ApiError(400, "Upload preset must be specified when using unsigned upload");
  if (fields.api_key !== account.api_key) throw new ApiError(401, `Unknown API key ${fields.api_key}`);
  for (const name of ["timestamp", "signature"]) {
    if (!fields[name]) throw new ApiError(400, `Missing required parameter - ${name}`);
  }
  const timestamp = Number(fields.timestamp);
  if (!(timestamp > Date.now() / 1000 - MAX_AGE_SECONDS)) {
    const reported = Number.isFinite(timestamp)
      ? new Date(timestamp * 1000).toISOString().replace("T", " ").replace(/\.\d+Z$/, " +0000")
      : fields.timestamp;
    throw new ApiError(400, `Stale request - reported time is ${reported} which is more than 1 hour ago`);
  }
  const signed = Object.fromEntries(Object.entries(fields).filter(([name]) => !NEVER_SIGNED.has(name)));
  // Version 2 escapes `&` in values; version 1, which old clients send, does not. Either digest is taken.
  const accepted = [2, 1].flatMap((version) =>
    ["sha1", "sha256"].map((digest) => sdk.utils.api_sign_request(signed, account.api_secret, digest, version)),
  );
  if (!accepted.includes(fields.signature)) {
    throw new ApiError(401, `Invalid Signature ${fields.signature}. String to sign - '${stringToSign(signed)}'.`);
  }
}

/** Only for the error message: the SDK does not export it. */
function stringToSign(fields) {
  return Object.entries(fields)
    .filter(([, value]) => value.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`.replaceAll("&", "%26"))
    .join("&");
}

/** The signature of an upload's answer: over public_id and version, always in version 1. */
export function responseSignature(account, publicId, version) {
  return sdk.utils.api_sign_request({ public_id: publicId, version }, account.api_secret, account.signature_algorithm, 1);
}

/** The `s--…--` that a delivery URL of these parts must hold. */
export function deliverySignature(account, { resourceType, type, transformation, source }) {
  const url = sdk.url(source, {
    cloud_name: account.cloud_name,
    api_secret: account.api_secret,
    signature_algorithm: account.signature_algorithm,
    resource_type: resourceType,
    type,
    raw_transformation: transformation,
    sign_url: true,
    secure: true,
    force_version: false,
    urlAnalytics: false,
  });
  return url.match(/s--[^/]+--/)[0];
}
