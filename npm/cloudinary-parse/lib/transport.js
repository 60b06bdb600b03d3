// One form to Cloudinary, and its answer.
"use strict";

const { UploadError, isTransient, unusable } = require("./errors.js");
const { abortReason, throwIfAborted } = require("./retries.js");

const NO_CLOUDINARY = "No connection to Cloudinary";
/** A connection over which nothing more was sent for this long is given up. */
const STALL_MS = 60_000;
/** How long Cloudinary may take to answer what it has received. */
const ANSWER_MS = 300_000;

/** Posts a form and answers Cloudinary's JSON. */
async function post({ url, fields, name, part, headers = {}, signal, onProgress }) {
  throwIfAborted(signal);
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, String(value));
  // React Native takes the name from the object.
  if (typeof part.uri === "string") form.append("file", part);
  else form.append("file", part, name);
  const transport = typeof XMLHttpRequest === "function" ? sendByXmlHttpRequest : sendByFetch;
  const { status, text } = await transport({ url, form, headers, signal, onProgress });
  const answer = parseJson(text);
  if (status === 200 && answer !== undefined) return answer;
  if (status === 200) throw unusable("Cloudinary's answer is not JSON");
  const says = typeof answer?.error?.message === "string" && answer.error.message;
  const canRetry = isTransient(status);
  const message = says || `Cloudinary answered ${status}`;
  throw new UploadError(message, { reason: canRetry ? "unavailable" : "refused", canRetry, status });
}

/** `fetch` tells nothing of an upload's progress. */
function sendByXmlHttpRequest({ url, form, headers, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    let timer;
    const limit = (milliseconds) => {
      clearTimeout(timer);
      timer = setTimeout(abort, milliseconds);
    };
    const settle = (how) => () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      how();
    };
    const failed = settle(() => reject(signal?.aborted ? abortReason(signal) : noConnection()));
    request.open("POST", url);
    for (const [header, value] of Object.entries(headers)) request.setRequestHeader(header, value);
    request.upload.onprogress = ({ loaded, total }) => {
      limit(loaded < total ? STALL_MS : ANSWER_MS);
      if (total > 0) onProgress(loaded / total);
    };
    request.upload.onload = () => limit(ANSWER_MS);
    request.onerror = request.onabort = request.ontimeout = failed;
    request.onload = settle(() => resolve({ status: request.status, text: request.responseText }));
    signal?.addEventListener("abort", abort);
    limit(STALL_MS);
    request.send(form);
  });
}

async function sendByFetch({ url, form, headers, signal, onProgress }) {
  try {
    const response = await fetch(url, { method: "POST", body: form, headers, signal, redirect: "error" });
    const text = await response.text();
    onProgress(1);
    return { status: response.status, text };
  } catch (error) {
    throw signal?.aborted ? abortReason(signal) : noConnection(error);
  }
}

function noConnection(cause) {
  return new UploadError(NO_CLOUDINARY, { reason: "connection", canRetry: true, cause });
}

/** The object that a text is, if it is one. */
function parseJson(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

module.exports = { post };
