// Uploads from apps: browsers, React Native, Node.js. Signs through Parse Server, uploads to Cloudinary, and answers the
// text that a guarded field takes.
"use strict";

const { checkUploaded, identifierOf, isSignature } = require("./lib/asset.js");
const { UploadError, signError, unusable } = require("./lib/errors.js");
const { untilAborted, withRetries } = require("./lib/retries.js");
const { post } = require("./lib/transport.js");

const API = "https://api.cloudinary.com";
const SIGN_FUNCTION = "sign_cloudinary_upload_request";
/** Files of more than this go up in parts of this size, as in Cloudinary's SDKs. */
const PART_BYTES = 20_000_000;

/** Signs an upload, uploads a file, and answers what an app saves. */
async function uploadPicture(Parse, file, options = {}) {
  const { function: name = SIGN_FUNCTION, params = {}, onProgress = () => {}, signal, cloudName } = options;
  const source = readFile(file);
  const progress = neverBack(onProgress);
  let signedAnew = false;
  let startedOver = false;
  let target;
  for (;;) {
    target ??= await sign(Parse, { name, params, cloudName, signal });
    try {
      const response = checkUploaded(await send(target, source, progress, signal));
      const identifier = identifierOf(response);
      progress(1);
      return { identifier, signed: `${identifier}#${response.signature}`, response };
    } catch (error) {
      // Cloudinary took nothing yet, so another signature costs no more than the first part.
      if (error?.stale && !signedAnew) {
        signedAnew = true;
        target = undefined;
      } else if (error?.answerLost && !startedOver) {
        startedOver = true;
      } else throw error;
    }
  }
}

/** The Upload Widget's `uploadSignature`: has a function of the action `sign_params` sign what the widget sends. */
function signForWidget(Parse, name) {
  return async (callback, params) => {
    let signature;
    try {
      const answer = await run(Parse, name, params);
      if (!isSignature(answer?.signature)) throw unusable(`The function ${name} answered no signature`);
      signature = answer.signature;
    } catch (error) {
      // The widget waits for ever for a signature that does not come. With this one Cloudinary refuses the upload, in
      // words that hold the reason.
      signature = error.message;
    }
    callback(signature);
  };
}

/** A file as something to send: whole, or in parts where its size is known. */
function readFile(file) {
  if (typeof file?.uri === "string" && globalThis.navigator?.product === "ReactNative") {
    const { uri, name = "file", type = "application/octet-stream" } = file;
    return { name, slice: () => ({ uri, name, type }) };
  }
  const bytes = file instanceof ArrayBuffer || ArrayBuffer.isView(file);
  const blob = bytes ? new Blob([file]) : file;
  if (typeof blob?.slice !== "function" || typeof blob.size !== "number" || typeof blob.stream !== "function") {
    throw new TypeError("uploadPicture expects a File, a Blob, a Buffer, or in React Native { uri, type, name }");
  }
  if (blob.size === 0) throw new TypeError("uploadPicture expects a file that is not empty");
  const whole = (start, end) => start === 0 && end === blob.size;
  const slice = (start, end) => (whole(start, end) ? blob : blob.slice(start, end, blob.type));
  return { name: blob.name ?? "file", size: blob.size, slice };
}

/** Where to post to, and which fields. */
async function sign(Parse, { name, params, cloudName, signal }) {
  const answer = await run(Parse, name, params, signal);
  const isObject = (value) => typeof value === "object" && value !== null;
  const [url, fields] = isObject(answer) && isObject(answer.fields) ? [answer.url, answer.fields] : [undefined, answer];
  if (!isObject(fields) || !isSignature(fields.signature) || !fields.timestamp || !fields.api_key) {
    throw unusable(`The function ${name} did not answer the fields of a signed upload`);
  }
  if (typeof url === "string") return { url, fields };
  if (!cloudName) throw new TypeError(`uploadPicture needs cloudName: the function ${name} tells no URL (its manifest lacks response = "request")`);
  return { url: `${API}/v1_1/${encodeURIComponent(cloudName)}/auto/upload`, fields };
}

/** Calls a function of this service's through Parse Server, and again while Parse Server or the service is away. */
function run(Parse, name, params, signal) {
  return withRetries(signal, async () => {
    try {
      return await untilAborted(signal, Parse.Cloud.run(name, params));
    } catch (error) {
      throw signal?.aborted ? error : signError(error);
    }
  });
}

/** Sends a file, each part under the same fields, and answers what Cloudinary does to the last one. */
async function send({ url, fields }, { name, size, slice }, progress, signal) {
  const attempt = (start, end, headers) => {
    let attempts = 0;
    const share = (fraction) => progress(size ? (start + fraction * (end - start)) / size : fraction);
    return withRetries(signal, async () => {
      attempts += 1;
      try {
        return await post({ url, fields, name, part: slice(start, end), headers, signal, onProgress: share });
      } catch (error) {
        if (error?.reason === "refused") {
          error.stale = start === 0 && error.message.startsWith("Stale request");
          // Cloudinary may have had the last part already, and know nothing more of this upload.
          error.answerLost = headers !== undefined && end === size && attempts > 1;
        }
        throw error;
      }
    });
  };
  if (!(size > PART_BYTES)) return attempt(0, size);
  const id = [Date.now(), Math.random(), Math.random()].map((number) => number.toString(36).replace("0.", "")).join("");
  for (let start = 0; ; start += PART_BYTES) {
    const end = Math.min(start + PART_BYTES, size);
    const headers = { "X-Unique-Upload-Id": id, "Content-Range": `bytes ${start}-${end - 1}/${size}` };
    const answer = await attempt(start, end, headers);
    if (end === size) return answer;
    if (answer.done !== false) throw unusable("Cloudinary did not answer that it waits for the next part");
  }
}

/** A part that is sent again must not move a progress bar back. */
function neverBack(onProgress) {
  let furthest = 0;
  return (fraction) => {
    if (fraction > furthest) onProgress((furthest = Math.min(fraction, 1)));
  };
}

module.exports = { uploadPicture, signForWidget, UploadError };
