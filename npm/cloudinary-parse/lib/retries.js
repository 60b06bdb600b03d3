// Another try where one makes sense, and none once the caller has aborted.
"use strict";

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;

/** Does it again, with growing pauses, while what goes wrong may be over soon. */
async function withRetries(signal, work) {
  for (let attempt = 1; ; attempt++) {
    throwIfAborted(signal);
    try {
      return await work();
    } catch (error) {
      if (!error?.canRetry || attempt === ATTEMPTS) throw error;
      // Up to half as long again, so that clients which lost the same server do not come back as one.
      const pause = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (1 + Math.random() / 2);
      await untilAborted(signal, new Promise((resolve) => setTimeout(resolve, pause)));
    }
  }
}

function untilAborted(signal, promise) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(abortReason(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    promise.then(resolve, reject).then(() => signal.removeEventListener("abort", abort));
  });
}

function throwIfAborted(signal) {
  if (signal?.aborted) throw abortReason(signal);
}

function abortReason(signal) {
  return signal.reason ?? Object.assign(new Error("The upload was aborted"), { name: "AbortError" });
}

module.exports = { abortReason, throwIfAborted, untilAborted, withRetries };
