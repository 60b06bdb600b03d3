#!/usr/bin/env node
// Runs the program that the platform's package holds, hands it the signals, and ends as it ends.
"use strict";

const { spawn } = require("node:child_process");
const { explain, findProgram } = require("../lib/program.js");

// A terminal sends SIGINT to this process and to the program, which takes the second for the first.
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"];
const PARENT_CHECK_MS = 500;

function fail(text) {
  console.error(`cloudinary-parse: ${text}`);
  process.exitCode = 1;
}

function run(path) {
  const forward = (signal) => program.kill(signal);
  // Both before the program starts, so that neither is missed.
  for (const signal of SIGNALS) process.on(signal, forward);
  if (process.env.npm_command) whenParentEnds(() => forward("SIGTERM"));
  const program = spawn(path, process.argv.slice(2), { stdio: "inherit" });
  program.on("error", (error) => fail(explain(path, error)));
  program.on("exit", (code, signal) => {
    for (const name of SIGNALS) process.off(name, forward);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}

/**
 * `npx` and `npm run` start a shell, which hands on no signal: a SIGTERM for npm ends the shell and nothing else, and the
 * program must not outlive them.
 */
function whenParentEnds(stop) {
  const { ppid } = process;
  const timer = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(timer);
    stop();
  }, PARENT_CHECK_MS);
  timer.unref();
}

const { path, error } = findProgram();
if (error) fail(error);
else run(path);
