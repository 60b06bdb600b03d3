// What is assumed of Cloudinary, and what the account in CLOUDINARY_URL shows. Called by scripts/live.sh.
import { randomBytes } from "node:crypto";
import { openAccount } from "./account.mjs";
import { NotSeen, questions } from "./questions.mjs";

const account = openAccount(process.env.CLOUDINARY_URL);
const prefix = `cloudinary-parse-live/${randomBytes(6).toString("hex")}`;
const cell = (text) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
let differences = 0;
let left = [];

async function answer(assumed, see) {
  try {
    const seen = String(await see());
    if (seen === assumed) return ["same", seen];
    differences += 1;
    return ["**differs**", seen];
  } catch (error) {
    if (error instanceof NotSeen) return ["not seen", error.message];
    differences += 1;
    return ["**failed**", `${error.message}${error.cause ? `: ${error.cause.message}` : ""}`];
  }
}

console.log("| | asked | assumed | seen |\n|---|---|---|---|");
try {
  for (const [asked, assumed, see] of questions(account, prefix)) {
    const [verdict, seen] = await answer(assumed, see);
    console.log(`| ${verdict} | ${[asked, assumed, seen].map(cell).join(" | ")} |`);
  }
} finally {
  left = await account.removeAll();
}
for (const name of left) console.log(`\nnot removed: ${name}`);
console.log(`\n${differences} of what was assumed differs.`);
process.exitCode = differences || left.length ? 1 : 0;
