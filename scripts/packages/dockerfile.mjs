// Holds the Dockerfile to Docker's own rules. Called by scripts/check-packages.sh with the folder that dockerfile-utils lies in.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [folder] = process.argv.slice(2);
const { validate } = createRequire(path.resolve(folder, "package.json"))("dockerfile-utils");
const problems = validate(readFileSync("Dockerfile", "utf8"));
for (const { range, message } of problems) console.error(`Dockerfile:${range.start.line + 1}: ${message}`);
if (!problems.length) console.log("The Dockerfile is as Docker has it");
process.exit(problems.length ? 1 : 0);
