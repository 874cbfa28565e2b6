// Memory of inits that have nothing to do.
import { readFileSync } from "node:fs";
import { number } from "../report.mjs";
import { inTurns } from "../stats.mjs";
import { sleepMs, waitUntilUp } from "../wait.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

/**
 * @typedef {object} Process
 * @property {number} pid
 * @property {number} rssKiB
 * @property {number} pssKiB
 * @property {string} name
 */

const SERVICES = 3;
const SUPERVISORS = ["my_init", "s6-svscan", "runsvdir", "supervisord"];
const CANDIDATES = ["my_init", "tini", "dumb-init", "catatonit", "s6-svscan", "runsvdir", "supervisord"];
/** What a process frees or touches after it has come up, it does within this. */
const SETTLE_MS = 1500;
const QUICK_SETTLE_MS = 700;
const CGROUP_SETTLE_MS = 2500;
/** Without it, root cannot see the memory of a process of another user. */
const MAY_LOOK = ["--cap-add", "SYS_PTRACE"];

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureMemory(bench) {
  // One container at a time: PSS falls with every other process that maps the same page of the same image.
  const samples = inTurns(CANDIDATES, bench.quick ? 1 : 3, (name) => idleProcesses(bench, name));
  /** @param {(processes: Process[]) => number} measure @param {string[]} [names] */
  const rows = (measure, names = CANDIDATES) =>
    names.map((name) => ({ name, samples: (samples.get(name) ?? []).map(measure) }));
  const held = `tini, dumb-init and catatonit hold a sleep, the others ${SERVICES} services`;
  return [
    {
      id: "memory-rss",
      title: "Resident memory of the init alone, idle (RSS)",
      unit: "KiB",
      reference: "tini",
      rows: rows((processes) => processes.find(({ pid }) => pid === 1)?.rssKiB ?? Number.NaN),
      notes: [held],
    },
    {
      id: "memory-pss",
      title: "The same, each shared page divided by those who share it (PSS)",
      unit: "KiB",
      reference: "tini",
      rows: rows((processes) => processes.find(({ pid }) => pid === 1)?.pssKiB ?? Number.NaN),
      notes: ["whatever else runs from the same layers now, in any container, makes it smaller: compare RSS"],
    },
    {
      id: "memory-supervision",
      title: `All that it takes to supervise ${SERVICES} services, the services themselves not counted (PSS)`,
      unit: "KiB",
      reference: "s6-svscan",
      rows: rows((processes) => sumPss(processes.filter(({ name }) => !name.startsWith("service"))), SUPERVISORS),
    },
    measureContainer(bench),
  ];
}

/**
 * @param {Bench} bench
 * @param {string} name
 */
function idleProcesses({ engine, images, quick }, name) {
  const isSupervisor = SUPERVISORS.includes(name);
  const image = name === "my_init" ? images.ours : images.peers;
  const command = isSupervisor ? ["/bench/serve.sh", name, String(SERVICES)] : [name, "--", "sleep", "86400"];
  const container = engine.start([...MAY_LOOK, image, ...command]);
  if (isSupervisor) waitUntilUp(engine, container, SERVICES);
  sleepMs(quick ? QUICK_SETTLE_MS : SETTLE_MS);
  const processes = listProcesses(engine, container);
  engine.remove(container);
  const init = processes.find(({ pid }) => pid === 1);
  if (init?.name !== name) throw new Error(`PID 1 is "${init?.name}" where ${name} was to be measured`);
  return processes;
}

/**
 * The image as it comes, with whatever services it has.
 *
 * @param {Bench} bench
 * @returns {Section}
 */
function measureContainer(bench) {
  const { engine, images, quick } = bench;
  const hasSshd =
    engine.attempt([
      "run",
      "--rm",
      "--label",
      engine.label,
      "--entrypoint",
      "test",
      images.tested,
      "-d",
      "/etc/service/sshd",
    ]).status === 0;
  /** @type {Record<string, string[]>} */
  const commands = { "as it is": [], ...(hasSshd ? { "with sshd": ["/sbin/my_init", "--enable-insecure-key"] } : {}) };
  const samples = inTurns(Object.keys(commands), quick ? 1 : 3, (name) => idleContainer(bench, commands[name] ?? []));
  const notes = hasSshd ? [] : ["with sshd: not measured, there is no /etc/service/sshd in this image"];
  return {
    id: "memory-container",
    title: "The image run as it comes, idle: memory of the container (cgroup rss: no page of any file counts)",
    unit: "KiB",
    rows: [...samples].map(([name, idle]) => ({ name, samples: idle.map(({ cgroupKiB }) => cgroupKiB) })),
    notes: [
      ...notes,
      ...[...samples].map(([name, idle]) => {
        const processes = idle.at(-1)?.processes ?? [];
        return `${name}, RSS of each: ${processes.map((p) => `${p.name} ${p.rssKiB}`).join(", ")}; PSS of all: ${number(sumPss(processes))}`;
      }),
    ],
  };
}

/**
 * @param {Bench} bench
 * @param {string[]} command
 */
function idleContainer({ engine, images }, command) {
  // The fixture that lists processes is only in this image, which has nothing more running.
  const container = engine.start([...MAY_LOOK, images.ours, ...command]);
  let before = "";
  for (let now = "never"; now !== before; sleepMs(SETTLE_MS)) {
    before = now;
    now = listProcesses(engine, container)
      .map(({ name }) => name)
      .sort()
      .join();
  }
  const processes = listProcesses(engine, container);
  // Last, when the process that listed the others has gone from the cgroup, and its figures, which the kernel sums up
  // every two seconds, are without it.
  sleepMs(CGROUP_SETTLE_MS);
  const cgroupKiB = cgroupRssKiB(Number(engine.inspect("container", container).State.Pid));
  engine.remove(container);
  return { processes, cgroupKiB };
}

/**
 * Read from outside: whatever read it inside would be counted too.
 *
 * @param {number} pid of the container's init, seen from the host
 */
function cgroupRssKiB(pid) {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const v1 = lines.find(([, controllers]) => controllers?.split(",").includes("memory"));
  const v2 = lines.find(([hierarchy]) => hierarchy === "0");
  const folder = v1 ? `/sys/fs/cgroup/memory${v1[2]}` : `/sys/fs/cgroup${v2?.[2]}`;
  const found = new RegExp(v1 ? "^total_rss (\\d+)" : "^anon (\\d+)", "m").exec(
    readFileSync(`${folder}/memory.stat`, "utf8"),
  );
  if (!found) throw new Error(`cannot read the container's memory: no such line in "${folder}/memory.stat"`);
  return Number(found[1]) / 1024;
}

/**
 * @param {import("../engine.mjs").Engine} engine
 * @param {string} container
 * @returns {Process[]}
 */
function listProcesses(engine, container) {
  const { stdout } = engine.call(["exec", container, "/bench/memory"]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, rssKiB, pssKiB, ...name] = line.split(" ");
      return { pid: Number(pid), rssKiB: Number(rssKiB), pssKiB: Number(pssKiB), name: name.join(" ") };
    });
}

/** @param {Process[]} processes */
function sumPss(processes) {
  return processes.reduce((sum, { pssKiB }) => sum + pssKiB, 0);
}
