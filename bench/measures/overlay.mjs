// The overlay on the plainest base, a busybox root: what it adds to a command, to memory and to an image. Boot and stop
// have it in their own tables.
import { OVERLAY, overlaySupervisors, peerSupervisors } from "../images.mjs";
import { CGROUP_SETTLE_MS, cgroupRssKiB, isService, listProcesses, MAY_LOOK } from "../processes.mjs";
import { number } from "../report.mjs";
import { inOrderOf, summarize } from "../stats.mjs";
import { sleepMs, waitUntilUp } from "../wait.mjs";
import { addedByRun } from "./run.mjs";
import { fileSizes, peerPackages } from "./size.mjs";
import { addedToStart } from "./start.mjs";

/** @import { OverlayImages, Supervisor } from "../images.mjs" */
/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

const SERVICES = 3;
/** tini-static needs nothing of its base, like the overlay. */
const COMMANDS = {
  my_init: ["/usr/bin/my_init", "--", "true"],
  "my_init, without services": ["/usr/bin/my_init", "--skip-runit", "--", "true"],
  tini: ["/usr/bin/tini-static", "--", "true"],
};

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureOverlay(bench) {
  const { images, quick } = bench;
  const { overlay } = images;
  if (!overlay)
    throw new Error(`cannot measure "${images.tested}-overlay": no such image here\n\`make build\` builds it`);
  const commands = {
    true: [overlay.laid, "true"],
    my_init: [overlay.laid, ...COMMANDS.my_init],
    tini: [overlay.laid, ...COMMANDS.tini],
  };
  const start = { id: "start", image: overlay.laid, inWords: "as PID 1", rounds: quick ? 20 : 200 };
  const supervisors = [...overlaySupervisors(images), ...peerSupervisors(images, ["s6-svscan", "runsvdir"])];
  const sections = [
    ...addedByRun(bench, { commands, rounds: quick ? 2 : 40 }),
    addedToStart(bench, { ...start, mode: "pid1" }, COMMANDS),
    measureIdle(bench, supervisors),
    measureAdded(bench, overlay),
  ];
  return sections.map((section) => ({ ...section, id: `overlay-${section.id}`, title: `Overlay. ${section.title}` }));
}

/**
 * All containers of a round are at rest at the same time. Only pages of files are shared between them, and cgroup rss
 * counts none of these.
 *
 * @param {Bench} bench
 * @param {readonly Supervisor[]} supervisors
 * @returns {Section}
 */
function measureIdle({ engine, quick }, supervisors) {
  /** @type {Map<Supervisor, { cgroupKiB: number, processes: number }[]>} */
  const samples = new Map(supervisors.map((supervisor) => [supervisor, []]));
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    const running = inOrderOf(round, supervisors).map((supervisor) => {
      const command = ["/bench/serve.sh", supervisor.word, String(SERVICES), "idle"];
      return { supervisor, container: engine.start([...MAY_LOOK, supervisor.image, ...command]) };
    });
    for (const { container } of running) waitUntilUp(engine, container, SERVICES);
    const listed = running.map((each) => ({ ...each, processes: listProcesses(engine, each.container) }));
    sleepMs(CGROUP_SETTLE_MS);
    for (const { supervisor, container, processes } of listed) {
      const services = processes.filter(({ name }) => isService(name)).length;
      if (services !== SERVICES) throw new Error(`${supervisor.name} runs ${services} of ${SERVICES} services`);
      const cgroupKiB = cgroupRssKiB(Number(engine.inspect("container", container).State.Pid));
      samples.get(supervisor)?.push({ cgroupKiB, processes: processes.length });
      engine.remove(container);
    }
  }
  return {
    id: "idle",
    title: `Idle with ${SERVICES} services, memory of the container (cgroup rss: no page of any file counts)`,
    unit: "KiB",
    reference: "s6-svscan",
    rows: [...samples].map(([{ name }, runs]) => ({
      name,
      samples: runs.map(({ cgroupKiB }) => cgroupKiB),
      facts: { processes: number(summarize(runs.map(({ processes }) => processes)).median) },
    })),
    notes: [`with the ${SERVICES} services, which are the same static program everywhere`],
  };
}

/**
 * @param {Bench} bench
 * @param {OverlayImages} overlay
 * @returns {Section}
 */
function measureAdded({ engine, images }, { tested }) {
  const tini = fileSizes(engine, images.peers, ["/usr/bin/tini-static"]);
  const packages = peerPackages(engine, images.peers).filter(({ name }) => name === "s6" || name === "runit");
  return {
    id: "size",
    title: "Added to the base",
    unit: "MB",
    rows: [
      { name: OVERLAY, samples: [engine.inspect("image", tested).Size / 1e6] },
      { name: "tini-static", samples: tini.map((bytes) => bytes / 1e6) },
      ...packages.map(({ name, facts }) => ({ name, samples: [Number(facts["MB"])] })),
    ],
    notes: [
      "s6 and runit are Debian's packages, with all that they need beyond the base: they use its libc, and runit's need perl",
    ],
  };
}
