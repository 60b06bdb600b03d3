// What a process has used, from /proc.
import { readFileSync, readdirSync } from "node:fs";

/** CPU time of all threads, in microseconds; the kernel counts it in nanoseconds. */
export function cpuMicroseconds(pid) {
  const tasks = `/proc/${pid}/task`;
  const times = readdirSync(tasks).map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, "utf8").split(" ")[0]));
  return times.reduce((sum, time) => sum + time, 0) / 1000;
}

/** Resident memory in MB (10^6 bytes). */
export function residentMegabytes(pid) {
  const [, kibibytes] = readFileSync(`/proc/${pid}/status`, "utf8").match(/^VmRSS:\s+(\d+) kB/m);
  return (Number(kibibytes) * 1024) / 1e6;
}

/** Established TCP connections whose server end is this loopback port. */
export function connectionsTo(port) {
  const local = `0100007F:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return lines.filter((line) => line.includes(`: ${local} `) && line.split(/\s+/)[4] === "01").length;
}

export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

export const median = (values) => quantile(values, 0.5);

/** A table in Markdown: the first column to the left, figures to the right. */
export function table(header, rows) {
  const widths = header.map((_, i) => Math.max(3, ...[header, ...rows].map((row) => String(row[i]).length)));
  const line = (row) => `| ${row.map((cell, i) => (i ? String(cell).padStart(widths[i]) : String(cell).padEnd(widths[i]))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}

/** CPU time of a process and its children, those included that have ended, in microseconds. */
export function familyMicroseconds(pid) {
  const tasks = `/proc/${pid}/task`;
  const children = readdirSync(tasks).flatMap((task) => readFileSync(`${tasks}/${task}/children`, "utf8").split(" ").filter(Boolean));
  // The fields after the name, which may hold spaces; 13 and 14 of them are the ended children's, in ticks of 10 ms.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  const ended = (Number(fields[13]) + Number(fields[14])) * 10_000;
  return [pid, ...children].reduce((sum, each) => sum + cpuMicroseconds(each), ended);
}
