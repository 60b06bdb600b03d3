// Writes what a run of the end-to-end tests was made on, and how it ended, into docs/compatibility.md.
//
//   node compatibility.mjs VERSION DATABASE RESULTS      RESULTS: the file that results-reporter.mjs wrote
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const HERE = import.meta.dirname;
const DOCUMENT = path.resolve(HERE, "../../docs/compatibility.md");
const PART = /(?<=<!-- made by scripts\/parse-server\/compatibility\.mjs -->\n)[^]*(?=<!-- end of what was made -->)/;
const HEAD = [
  "| Parse Server | database | Node.js | defaults | passed | failed | skipped | files | on |",
  "|---|---|---|---|---|---|---|---|---|",
];

const [version, database, resultsFile] = process.argv.slice(2);
const { passed, failed, skipped, files } = JSON.parse(readFileSync(resultsFile, "utf8"));

function versionIn(folder, name) {
  return JSON.parse(readFileSync(path.join(folder, "node_modules", name, "package.json"), "utf8")).version;
}

function databaseName() {
  if (process.env.RIG_DATABASE_URI) return `${new URL(process.env.RIG_DATABASE_URI).protocol} given`;
  if (database === "postgres") return `PostgreSQL (PGlite ${versionIn(HERE, "@electric-sql/pglite")})`;
  const requirements = readFileSync(path.join(HERE, "mongodb/requirements.txt"), "utf8");
  return `MongoDB's protocol (NX-27017 ${requirements.match(/^nx-27017==(\S+)$/m)[1]})`;
}

function parseServerVersion() {
  const folder = path.join(HERE, `v${version}`);
  return versionIn(existsSync(folder) ? folder : HERE, "parse-server");
}

const all = (list) => (list.length > 12 ? `${list.length} files` : list.join(", "));
const defaults = process.env.RIG_ANNOUNCED_DEFAULTS === "1" ? "announced" : "today's";
const cells = [parseServerVersion(), databaseName(), process.versions.node, defaults, passed, failed, skipped.length, all(files)];
const key = (row) => row.split("|").slice(1, 5).map((cell, column) => (column === 0 || column === 2 ? cell.trim().split(".")[0] : cell.trim().split(" ")[0])).join("|");

const text = readFileSync(DOCUMENT, "utf8");
const rows = new Map(
  text
    .match(PART)[0]
    .split("\n")
    .filter((line) => /^\| \d/.test(line))
    .map((line) => [key(line), line]),
);
const row = `| ${[...cells, new Date().toISOString().slice(0, 10)].join(" | ")} |`;
rows.set(key(row), row);
const table = [...HEAD, ...[...rows.values()].sort().reverse()].join("\n");
writeFileSync(DOCUMENT, text.replace(PART, `\n${table}\n\n`));
for (const { name, reason } of skipped) console.log(`skipped: ${name}${reason && `: ${reason}`}`);
