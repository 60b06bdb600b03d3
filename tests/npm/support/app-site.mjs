// The page of an app in the browser: the Parse SDK and `cloudinary-parse/client`, each as a script.
import { readFileSync } from "node:fs";
import path from "node:path";
import { browserClient } from "../../../scripts/parse-server/browser-client.mjs";
import { REPOSITORY } from "../../../scripts/parse-server/stack.mjs";
import { startServerThat } from "../../e2e/support/tampering-proxy.mjs";

const SDK = path.join(REPOSITORY, "scripts/parse-server/node_modules/parse/dist/parse.min.js");

/**
 * Serves the page.
 * @param {{head?: string, files?: Record<string, [string, string]>}} [more] for the page's head; type and text of more files, by path
 */
export function startAppSite({ head = "", files = {} } = {}) {
  const served = {
    "/": ["text/html", `<!doctype html><title>app</title>${head}<script src=parse.js></script><script src=client.js></script>`],
    "/parse.js": ["text/javascript", readFileSync(SDK)],
    "/client.js": ["text/javascript", browserClient()],
    ...files,
  };
  return startServerThat(({ url }, response) => {
    const [type, body] = served[url] ?? ["text/plain", ""];
    response.writeHead(200, { "Content-Type": type }).end(body);
  });
}
