// Where the program is: npm installs the package of the platform that it runs on, and no other.
"use strict";

const { name, version, homepage, optionalDependencies } = require("../package.json");

const SCOPE = `@${name}/`;
const OTHER_WAYS = `Other ways to run it, as a container and from source: ${homepage ?? "the project's README"}`;
const NO_MUSL = "This system's C library is musl, as in Alpine Linux, and the program needs glibc. Use an image with glibc: node:22-slim in place of node:22-alpine";

/** The platforms that there is a program for. */
function platforms() {
  return Object.keys(optionalDependencies).map((dependency) => dependency.slice(SCOPE.length));
}

/** Node.js says which glibc it runs on. */
function hasGlibc() {
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

const isMusl = ({ platform, glibc }) => platform === "linux" && !glibc();

/**
 * The program's path, or why there is none.
 * @param {object} [system] what is asked of Node.js
 */
function findProgram(system) {
  const { platform, arch, glibc, resolve } = { platform: process.platform, arch: process.arch, glibc: hasGlibc, resolve: require.resolve, ...system };
  const wanted = `${platform}-${arch}`;
  if (!platforms().includes(wanted)) {
    return { error: `There is no program for ${wanted}, only for ${platforms().join(", ")}. ${OTHER_WAYS}` };
  }
  try {
    return { path: resolve(`${SCOPE}${wanted}/bin/${name}`) };
  } catch {
    if (isMusl({ platform, glibc })) return { error: `${NO_MUSL}. ${OTHER_WAYS}` };
    return {
      error: `${SCOPE}${wanted} is not installed. Install again on this system, without --omit=optional: npm install ${name}@${version}. ${OTHER_WAYS}`,
    };
  }
}

/** Why the program that was found did not start. */
function explain(path, error, { platform = process.platform, glibc = hasGlibc } = {}) {
  // The system says so of a missing dynamic linker, too.
  if (error.code === "ENOENT" && isMusl({ platform, glibc })) return `${NO_MUSL}. ${OTHER_WAYS}`;
  return `${path} cannot be run: ${error.message}. ${OTHER_WAYS}`;
}

module.exports = { explain, findProgram };
