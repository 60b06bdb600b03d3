// A reporter for Node's test runner: what passed, and which tests were skipped and why, as JSON.
import path from "node:path";

export default async function* results(events) {
  const result = { passed: 0, failed: 0, skipped: [], files: new Set() };
  for await (const { type, data } of events) {
    if (data?.details?.type === "suite" || !["test:pass", "test:fail"].includes(type)) continue;
    if (data.file) result.files.add(path.basename(data.file, ".test.mjs"));
    if (data.skip !== undefined) result.skipped.push({ name: data.name, reason: data.skip === true ? "" : data.skip });
    else result[type === "test:pass" ? "passed" : "failed"] += 1;
  }
  yield JSON.stringify({ ...result, files: [...result.files].sort() });
}
