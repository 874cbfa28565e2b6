// What it costs to give the lines of a log a name or the form of JSON.
import { inTurns } from "../stats.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

/**
 * @typedef {object} Candidate
 * @property {"ours" | "peers"} image where it is
 * @property {string} input `stdin`, or the directory of FIFOs
 * @property {string[]} command
 */

/** @type {Record<string, Candidate>} */
const CANDIDATES = {
  "LOG_FORMAT=json": {
    image: "ours",
    input: "/tmp/logs",
    command: ["/usr/lib/baseimage/log_lines", "json", "/tmp/logs"],
  },
  "LOG_PREFIX=yes": {
    image: "ours",
    input: "/tmp/logs",
    command: ["/usr/lib/baseimage/log_lines", "prefix", "/tmp/logs"],
  },
  cat: { image: "ours", input: "stdin", command: ["/bin/cat"] },
  "sed -u 's/^/[web] /'": { image: "ours", input: "stdin", command: ["/bin/sed", "-u", "s/^/[web] /"] },
  "svlogd -tt, to a file": { image: "ours", input: "stdin", command: ["/usr/bin/svlogd", "-tt", "/log"] },
  "s6-log t, to a file": { image: "peers", input: "stdin", command: ["/usr/bin/s6-log", "t", "s100000000", "/log"] },
};

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureLogs({ engine, images, quick }) {
  const lines = quick ? 100_000 : 500_000;
  const samples = inTurns(Object.keys(CANDIDATES), quick ? 2 : 6, (name) => {
    const candidate = CANDIDATES[name];
    if (candidate === undefined) throw new Error(name);
    const { stdout } = engine.run([
      ...["--rm", "--network", "none", "--tmpfs", "/log"],
      ...["--entrypoint", "/bench/log-flood", images[candidate.image]],
      ...[candidate.input, String(lines), ...candidate.command],
    ]);
    return Number(stdout) / lines;
  });
  return [
    {
      id: "logs-cpu",
      title: "A flood of lines of 100 bytes, one service: CPU time for 1,000 of them",
      unit: "ms",
      reference: "svlogd -tt, to a file",
      rows: [...samples].map(([name, each]) => ({ name, samples: each })),
    },
  ];
}
