// For Cloud Code: has the service judge a save, and tells it what was saved and deleted, from the app's own triggers.
"use strict";

const { readAnswer } = require("./lib/answer.js");
const { Service } = require("./lib/service.js");

const DEFAULT_URL = "http://127.0.0.1:8080";
const DEFAULT_TIMEOUT_MS = 10_000;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** What the app's users see while the service gives no decision. It names no address. */
const UNAVAILABLE = "The picture could not be checked. Please try again later.";

/** What Parse Server tells a webhook. Its logger's options are left out. */
const ENVELOPE = ["master", "isReadOnly", "headers", "ip", "installationId", "context"];

/** Why a save is not let through. */
class PictureError extends Error {
  constructor(message, { reason, cause }) {
    super(message);
    this.name = "PictureError";
    this.reason = reason;
    if (cause !== undefined) this.cause = cause;
  }
}

/** The triggers that an app's Cloud Code calls. */
function cloudinaryParse(options = {}) {
  const { CLOUDINARY_PARSE_PUBLIC_URL, PARSE_SERVER_WEBHOOK_KEY } = process.env;
  const {
    url = CLOUDINARY_PARSE_PUBLIC_URL || DEFAULT_URL,
    webhookKey = PARSE_SERVER_WEBHOOK_KEY,
    timeout = DEFAULT_TIMEOUT_MS,
  } = options;
  if (typeof webhookKey !== "string" || webhookKey.trim() === "") {
    throw new TypeError("cloudinaryParse needs Parse Server's webhookKey, as an option or in PARSE_SERVER_WEBHOOK_KEY");
  }
  if (!(timeout > 0 && timeout <= LONGEST_TIMEOUT_MS)) throw new TypeError("cloudinaryParse expects timeout in milliseconds");
  const service = new Service({ url, webhookKey, timeout });

  /** Asks the service, and answers what it decided. */
  const ask = async (triggerName, request) => {
    const path = ["triggers", request.object.className, triggerName].map(encodeURIComponent).join("/");
    return readAnswer(await service.post(path, JSON.stringify(envelope(triggerName, request))));
  };

  /** Work that must not fail what is already done. */
  const tell = (triggerName) => async (request) => {
    try {
      const { error, own } = await ask(triggerName, request);
      if (error !== undefined || own !== undefined) throw new Error("it answered a decision, expected {}");
    } catch (error) {
      log(request, triggerName, error);
    }
  };

  return {
    async beforeSave(request) {
      let answer;
      try {
        answer = await ask("beforeSave", request);
      } catch (cause) {
        log(request, "beforeSave", cause);
        throw new PictureError(UNAVAILABLE, { reason: "unavailable", cause });
      }
      if (answer.error !== undefined) throw new PictureError(answer.error, { reason: "refused" });
      setOwn(request.object, answer.own ?? {});
    },
    afterSave: tell("afterSave"),
    afterDelete: tell("afterDelete"),
  };
}

/** What Parse Server would send to a webhook, and what it would not show one. */
function envelope(triggerName, request) {
  const { object, original, user } = request;
  const given = ENVELOPE.filter((key) => request[key] !== undefined).map((key) => [key, request[key]]);
  return {
    triggerName,
    object: withClassName(object),
    ...(original && { original: withClassName(original) }),
    ...Object.fromEntries(given),
    ...(user && { user }),
    calledFrom: "cloud_code",
    dottedKeys: object.dirtyKeys().filter((key) => key.includes(".")),
  };
}

function withClassName(object) {
  return { ...object.toJSON(), className: object.className };
}

/** Only these keys: an operation on any other stays the operation that it is. */
function setOwn(object, own) {
  for (const [key, value] of Object.entries(own)) {
    // What is set on top of an operation would be merged with it.
    object.revert(key);
    // A row that holds it already is not written: in the meantime it may have got something newer.
    if (JSON.stringify(object.get(key) ?? null) !== JSON.stringify(value)) object.set(key, value);
  }
}

/** For the operator: the reason with its address, nothing of the request. */
function log(request, triggerName, error) {
  const line = `cloudinary-parse: no decision on ${request.object?.className}.${triggerName}: ${error.message}`;
  if (typeof request.log?.error === "function") request.log.error(line);
  else console.error(line);
}

module.exports = { cloudinaryParse, PictureError };
