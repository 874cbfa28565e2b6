// Memory of inits that have nothing to do.
import { CGROUP_SETTLE_MS, cgroupRssKiB, isService, listProcesses, MAY_LOOK, sumPss } from "../processes.mjs";
import { number } from "../report.mjs";
import { inTurns, summarize } from "../stats.mjs";
import { sleepMs, waitUntilUp } from "../wait.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Process } from "../processes.mjs" */
/** @import { Section } from "../report.mjs" */

const SERVICES = 3;
const SUPERVISORS = ["my_init", "s6-svscan", "runsvdir", "supervisord"];
const CANDIDATES = ["my_init", "tini", "tini-static", "dumb-init", "catatonit", "s6-svscan", "runsvdir", "supervisord"];
const WHAT_THE_PEERS_ARE = [
  "tini, dumb-init, s6-svscan, runsvdir and supervisord are Debian's: dynamically linked, or Python",
  "s6-overlay is not measured: it links s6 statically, and takes less than my_init: 116 KiB for PID 1 (RSS), and 260 KiB",
  "(cgroup rss) for all of it with three idle services, where my_init, runit and the same services take 324",
];
/** The row of the container in which sshd is up. An image may have no sshd. */
export const WITH_SSHD = "with sshd";
/** What a process frees or touches after it has come up, it does within this. */
const SETTLE_MS = 1500;
const QUICK_SETTLE_MS = 700;
const UP_SECONDS = "100";
const IDLE_TRIES = 10;
/** 22, as /proc/net/tcp writes it. */
const SSH_PORT = "0016";

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
  const held = `tini, tini-static, dumb-init and catatonit hold a sleep, the others ${SERVICES} services`;
  return [
    {
      id: "memory-rss",
      title: "Resident memory of the init alone, idle (RSS)",
      unit: "KiB",
      reference: "tini",
      rows: rows((processes) => processes.find(({ pid }) => pid === 1)?.rssKiB ?? Number.NaN),
      notes: [held, ...WHAT_THE_PEERS_ARE],
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
      rows: rows((processes) => sumPss(processes.filter(({ name }) => !isService(name))), SUPERVISORS),
      notes: WHAT_THE_PEERS_ARE,
    },
    ...measureContainer(bench),
  ];
}

/**
 * @param {Bench} bench
 * @param {string} name
 */
function idleProcesses({ engine, images, quick }, name) {
  const isSupervisor = SUPERVISORS.includes(name);
  const image = name === "my_init" ? images.ours : images.peers;
  // The image's other parts are no part of supervising: they have a table of their own.
  const supervisor = name === "my_init" ? "my_init-bare" : name;
  const command = isSupervisor ? ["/bench/serve.sh", supervisor, String(SERVICES)] : [name, "--", "sleep", "86400"];
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
 * @returns {Section[]}
 */
function measureContainer(bench) {
  const { engine, images, quick } = bench;
  const test = ["--rm", "--label", engine.label, "--entrypoint", "test", images.tested, "-d", "/etc/service/sshd"];
  const hasSshd = engine.attempt(["run", ...test]).status === 0;
  /** @type {Record<string, { command: string[], port: string[] }>} */
  const ways = {
    "as it is": { command: [], port: [] },
    ...(hasSshd ? { [WITH_SSHD]: { command: ["/sbin/my_init", "--enable-insecure-key"], port: [SSH_PORT] } } : {}),
  };
  const samples = inTurns(Object.values(ways), quick ? 1 : 5, (way) => idleContainer(bench, way));
  const idle = Object.entries(ways).map(([name, way]) => ({ name, runs: samples.get(way) ?? [] }));
  return [
    {
      id: "memory-container",
      title: "The image run as it comes, idle: memory of the container (cgroup rss: no page of any file counts)",
      unit: "KiB",
      rows: idle.map(({ name, runs }) => ({ name, samples: runs.map(({ cgroupKiB }) => cgroupKiB) })),
      notes: hasSshd ? [] : ["with sshd: not measured, there is no /etc/service/sshd in this image"],
    },
    ...idle.map(({ name, runs }) => ({
      id: `memory-processes-${name.replaceAll(" ", "-")}`,
      title: `The same container ${name}, by process: anonymous memory, which is what cgroup rss counts`,
      unit: "KiB",
      rows: byProcess(runs.map(({ processes }) => processes)),
    })),
  ];
}

/**
 * The processes of all runs by name and place: the second runsv of each run is one row.
 *
 * @param {readonly Process[][]} runs
 */
function byProcess(runs) {
  /** @param {readonly number[]} values */
  const median = (values) => number(summarize(values).median);
  const places = (runs[0] ?? []).map(({ name }, place) => {
    const same = runs.map((processes) => processes[place]).filter((process) => process?.name === name);
    return { name, processes: /** @type {Process[]} */ (same) };
  });
  return [
    ...places.map(({ name, processes }) => ({
      name,
      samples: processes.map(({ anonymousKiB }) => anonymousKiB),
      facts: {
        RSS: median(processes.map(({ rssKiB }) => rssKiB)),
        PSS: median(processes.map(({ pssKiB }) => pssKiB)),
      },
    })),
    {
      name: "all of them",
      samples: runs.map((processes) => processes.reduce((sum, { anonymousKiB }) => sum + anonymousKiB, 0)),
      facts: { RSS: "", PSS: median(runs.map(sumPss)) },
    },
  ];
}

/**
 * @param {Bench} bench
 * @param {{ command: string[], port: string[] }} way
 */
function idleContainer({ engine, images }, { command, port }) {
  // The fixture that lists processes is only in this image, which has nothing more running.
  const container = engine.start([...MAY_LOOK, images.ours, ...command]);
  engine.call(["exec", container, "/bench/until-serving.sh", UP_SECONDS, ...port]);
  const { Pid } = engine.inspect("container", container).State;
  for (let tries = 0; tries < IDLE_TRIES; tries++) {
    const processes = listProcesses(engine, container);
    sleepMs(CGROUP_SETTLE_MS);
    const cgroupKiB = cgroupRssKiB(Number(Pid));
    const idle = listProcesses(engine, container);
    // Idle is a container in which nothing has begun or ended meanwhile, such as a job of cron's.
    if (sameProcesses(processes, idle)) {
      engine.remove(container);
      return { processes: idle.sort((a, b) => a.pid - b.pid), cgroupKiB };
    }
  }
  throw new Error("the container has not come to rest: processes come and go");
}

/**
 * @param {readonly Process[]} before
 * @param {readonly Process[]} after
 */
function sameProcesses(before, after) {
  /** @param {readonly Process[]} processes */
  const identities = (processes) =>
    processes
      .map(({ pid, name }) => `${pid} ${name}`)
      .sort()
      .join();
  return identities(before) === identities(after);
}
