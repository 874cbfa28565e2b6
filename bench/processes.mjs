// The processes of a running container, and their memory.
import { readFileSync } from "node:fs";

/** @import { Engine } from "./engine.mjs" */

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} rssKiB
 * @property {number} pssKiB
 * @property {number} anonymousKiB
 * @property {string} name
 */

/** Without it, root cannot see the memory of a process of another user. */
export const MAY_LOOK = ["--cap-add", "SYS_PTRACE"];
/**
 * By then the process that listed the others has gone from the cgroup, and its figures, which the kernel sums up every
 * two seconds, are without it.
 */
export const CGROUP_SETTLE_MS = 2500;

/**
 * @param {Engine} engine
 * @param {string} container
 * @returns {Process[]}
 */
export function listProcesses(engine, container) {
  const { stdout } = engine.call(["exec", container, "/bench/memory"]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, rssKiB, pssKiB, anonymousKiB, ...name] = line.split(" ");
      return {
        pid: Number(pid),
        rssKiB: Number(rssKiB),
        pssKiB: Number(pssKiB),
        anonymousKiB: Number(anonymousKiB),
        name: name.join(" "),
      };
    });
}

/**
 * Read from outside: whatever read it inside would be counted too.
 *
 * @param {number} pid of the container's init, seen from the host
 */
export function cgroupRssKiB(pid) {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const v1 = lines.find(([, controllers]) => controllers?.split(",").includes("memory"));
  const v2 = lines.find(([hierarchy]) => hierarchy === "0");
  const directory = v1 ? `/sys/fs/cgroup/memory${v1[2]}` : `/sys/fs/cgroup${v2?.[2]}`;
  const found = new RegExp(v1 ? "^total_rss (\\d+)" : "^anon (\\d+)", "m").exec(
    readFileSync(`${directory}/memory.stat`, "utf8"),
  );
  if (!found) throw new Error(`cannot read the container's memory: no such line in "${directory}/memory.stat"`);
  return Number(found[1]) / 1024;
}

/**
 * Whether a process is a service of fixtures/serve.sh: a supervisor starts `run`, but supervisord what that refers to.
 *
 * @param {string} name of the process
 */
export function isService(name) {
  return name === "run" || name === "service.sh";
}

/** @param {Process[]} processes */
export function sumPss(processes) {
  return processes.reduce((sum, { pssKiB }) => sum + pssKiB, 0);
}
