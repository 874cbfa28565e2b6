// How long `docker stop` takes, and whether every service had its say.
import { inOrderOf } from "../stats.mjs";
import { sleepMs, waitUntilUp } from "../wait.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Row, Section } from "../report.mjs" */

/**
 * @typedef {object} Candidate
 * @property {string} name
 * @property {number} services
 * @property {string} supervisor as fixtures/serve.sh calls it
 * @property {boolean} [withChild]
 */

/**
 * @typedef {object} Stopped
 * @property {number} ms
 * @property {number} handlers how many services wrote down that their handler ran
 * @property {number} exitCode
 */

const SUPERVISORS = ["my_init", "s6-svscan", "runsvdir", "supervisord"];
const COUNTS = [1, 10, 100];
/** A service that ends in its first second costs another one: runsv then waits, lest it start services in a tight loop. */
const SETTLE_MS = 1500;
const GRACE_SECONDS = 10;

/** @type {Candidate[]} */
const ALONE = [
  { name: "sh", services: 1, supervisor: "alone" },
  { name: "tini -- sh", services: 1, supervisor: "tini" },
];
const SUPERVISED = COUNTS.flatMap((services) => SUPERVISORS.map((name) => ({ name, services, supervisor: name })));
/** What most people write, `sleep & wait`, leaves a process to somebody at every stop. */
const WITH_CHILD = ["my_init", "s6-svscan"].map((name) => ({ name, services: 100, supervisor: name, withChild: true }));

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureStop(bench) {
  const samples = stopInTurns(bench, [...ALONE, ...SUPERVISED, ...WITH_CHILD], bench.quick ? 1 : 7);
  /** @param {readonly Candidate[]} candidates */
  const rows = (candidates) => candidates.map((candidate) => describe(candidate, samples.get(candidate) ?? []));
  const title = "docker stop, wall time";
  return [
    { id: "stop-alone", title: `${title}: one process that traps TERM, no supervisor`, unit: "ms", rows: rows(ALONE) },
    ...COUNTS.map((count) => ({
      id: `stop-${count}`,
      title: `${title}: ${count === 1 ? "1 service that traps" : `${count} services that trap`} TERM`,
      unit: "ms",
      reference: "s6-svscan",
      rows: rows(SUPERVISED.filter(({ services }) => services === count)),
      ...(count === 100
        ? {
            notes: [
              "runsvdir is stopped by HUP, as its manual says, and does not wait for its services",
              "s6-svscan is Debian's, dynamically linked; s6-overlay's static one is not measured",
            ],
          }
        : {}),
    })),
    {
      id: "stop-100-missed",
      title: "Of those 100, handlers that did not run",
      unit: "services",
      rows: SUPERVISED.filter(({ services }) => services === 100).map((candidate) => ({
        name: candidate.name,
        samples: (samples.get(candidate) ?? []).map(({ handlers }) => candidate.services - handlers),
      })),
    },
    {
      id: "stop-100-with-child",
      title: `${title}: 100 services that trap TERM and leave a child behind`,
      unit: "ms",
      reference: "s6-svscan",
      rows: rows(WITH_CHILD),
      notes: ["my_init tells the children to stop too, and waits for them; s6-svscan leaves them to the kernel's KILL"],
    },
  ];
}

/**
 * All of a round are started, come to rest together, and are then stopped one after the other: those that wait their
 * turn sleep, and take nothing from the one that is measured.
 *
 * @param {Bench} bench
 * @param {readonly Candidate[]} candidates
 * @param {number} rounds
 */
function stopInTurns(bench, candidates, rounds) {
  /** @type {Map<Candidate, Stopped[]>} */
  const samples = new Map(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round < rounds; round++) {
    const running = inOrderOf(round, candidates).map((candidate) => ({
      candidate,
      container: start(bench, candidate),
    }));
    for (const { candidate, container } of running) waitUntilUp(bench.engine, container, candidate.services);
    sleepMs(SETTLE_MS);
    for (const { candidate, container } of running) samples.get(candidate)?.push(stop(bench, container));
  }
  return samples;
}

/**
 * @param {Bench} bench
 * @param {Candidate} candidate
 * @returns {string} the container
 */
function start({ engine, images }, { supervisor, services, withChild }) {
  const image = supervisor === "my_init" ? images.ours : images.peers;
  const signal = supervisor === "runsvdir" ? "HUP" : "TERM";
  const command = ["/bench/serve.sh", supervisor, String(services), ...(withChild ? ["with-child"] : [])];
  return engine.start(["--stop-signal", signal, image, ...command]);
}

/**
 * @param {Bench} bench
 * @param {string} container
 * @returns {Stopped}
 */
function stop({ engine }, container) {
  const { ms } = engine.call(["stop", "--time", String(GRACE_SECONDS), container]);
  const stopped = engine.readFile(container, "/bench/marks/stopped").split("\n").filter(Boolean);
  const exitCode = Number(engine.inspect("container", container).State.ExitCode);
  engine.remove(container);
  return { ms, handlers: new Set(stopped).size, exitCode };
}

/**
 * @param {Candidate} candidate
 * @param {readonly Stopped[]} stops
 * @returns {Row}
 */
function describe({ name, services }, stops) {
  const fewest = Math.min(...stops.map(({ handlers }) => handlers));
  return {
    name,
    samples: stops.map(({ ms }) => ms),
    facts: {
      "handlers run": `${fewest}/${services}`,
      "exit status": [...new Set(stops.map(({ exitCode }) => exitCode))].join(", "),
    },
  };
}
