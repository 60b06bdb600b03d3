/**
 * With RIG_EXIT_WITH_STDIN=1, ends the process when standard input does: whoever started it holds the other end,
 * so no crashed test leaves a server behind.
 * @param {() => void} stop
 */
export function endWithStarter(stop) {
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  if (process.env.RIG_EXIT_WITH_STDIN === "1") process.stdin.on("end", stop).resume();
}
