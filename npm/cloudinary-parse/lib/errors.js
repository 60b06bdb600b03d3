// What can go wrong with an upload, and which of it another try may mend.
"use strict";

const UNAVAILABLE = "Uploads cannot be signed at present. Please try again later.";
const NO_PARSE_SERVER = "No connection to Parse Server";

// What Parse Server says in place of an answer when it gets none from the service (code 141 as well).
const OUTAGES = [
  /^(connect|read|write|getaddrinfo) E[A-Z_]+\b/,
  /^(socket hang up|Malformed response|Script failed\. Unknown error\.|aborted|Parse Error: .*)$/,
  /^Client network socket disconnected before secure TLS connection was established$/,
];
// The same, where another try does not help: what is wrong is in the set-up.
const BROKEN_SETUPS = [
  /^(self[- ]signed certificate|unable to (verify|get) .* certificate|certificate (has expired|is not yet valid))/,
  /^Hostname\/IP does not match certificate's altnames/,
];
// Codes of Parse.Error: the connection's and Parse Server's own troubles, no decisions.
const INTERNAL_SERVER_ERROR = 1;
const CONNECTION_FAILED = 100;
const TIMEOUT = 124;
const SCRIPT_FAILED = 141;

/** An upload that did not come about. */
class UploadError extends Error {
  constructor(message, { reason, canRetry = false, code, status, cause }) {
    super(message);
    this.name = "UploadError";
    this.reason = reason;
    this.canRetry = canRetry;
    if (code !== undefined) this.code = code;
    if (status !== undefined) this.status = status;
    if (cause !== undefined) this.cause = cause;
  }
}

/** Tells a refusal from an outage: Parse Server gives both the code 141. */
function signError(cause) {
  const { code, message } = cause ?? {};
  if (typeof code !== "number") return cause;
  if ([INTERNAL_SERVER_ERROR, CONNECTION_FAILED, TIMEOUT].includes(code)) {
    return new UploadError(NO_PARSE_SERVER, { reason: "connection", canRetry: true, code, cause });
  }
  const answer = code === SCRIPT_FAILED ? answerIn(message) : undefined;
  const says = (patterns) => code === SCRIPT_FAILED && typeof message === "string" && patterns.some((pattern) => pattern.test(message));
  if (answer !== undefined || says(OUTAGES) || says(BROKEN_SETUPS)) {
    const status = typeof answer?.status === "number" ? answer.status : undefined;
    const canRetry = status === undefined ? !says(BROKEN_SETUPS) : isTransient(status);
    return new UploadError(UNAVAILABLE, { reason: "unavailable", canRetry, code, status, cause });
  }
  return new UploadError(String(message), { reason: "refused", code, cause });
}

/** What Parse Server makes of an answer that is not the service's: the answer itself, as an object or as its text. A refusal is a text. */
function answerIn(message) {
  if (typeof message === "object" && message !== null) return message;
  if (typeof message !== "string" || !message.startsWith('{"status":')) return undefined;
  try {
    return JSON.parse(message);
  } catch {
    return undefined;
  }
}

/** Whether an HTTP status says that the same may succeed later. */
const isTransient = (status) => status >= 500 || status === 420 || status === 429;

function unusable(message) {
  return new UploadError(message, { reason: "unusable" });
}

module.exports = { UploadError, isTransient, signError, unusable };
