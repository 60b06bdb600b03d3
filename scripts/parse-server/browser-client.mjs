// `cloudinary-parse/client` as one script for a page that has no bundler: it defines `cloudinaryParse`.
import { readFileSync } from "node:fs";
import path from "node:path";

const PACKAGE = path.join(import.meta.dirname, "../../npm/cloudinary-parse");
const MODULES = ["client.js", "lib/asset.js", "lib/errors.js", "lib/retries.js", "lib/transport.js"];

/** What a bundler makes of the client, in a few lines. */
export function browserClient() {
  const modules = MODULES.map((name) => `${JSON.stringify(name)}(module, require) {${readFileSync(path.join(PACKAGE, name), "utf8")}\n}`);
  return `{
    const modules = {${modules.join(",\n")}};
    const loaded = {};
    const load = (name) => {
      if (!loaded[name]) modules[name]((loaded[name] = { exports: {} }), (other) => load(other.startsWith("./lib/") ? other.slice(2) : "lib/" + other.slice(2)));
      return loaded[name].exports;
    };
    window.cloudinaryParse = load("client.js");
  }`;
}
