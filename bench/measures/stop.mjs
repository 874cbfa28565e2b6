// How long `docker stop` takes, and whether every service had its say.
import { overlaySupervisors, peerSupervisors, WHERE_THE_OVERLAY_IS } from "../images.mjs";
import { inOrderOf } from "../stats.mjs";
import { sleepMs, waitUntilUp } from "../wait.mjs";

/** @import { Supervisor } from "../images.mjs" */
/** @import { Bench } from "../main.mjs" */
/** @import { Row, Section } from "../report.mjs" */

/**
 * @typedef {object} Candidate
 * @property {Supervisor} supervisor
 * @property {number} services
 * @property {boolean} [withChild]
 */

/**
 * @typedef {object} Stopped
 * @property {number} ms
 * @property {number} handlers how many services wrote down that their handler ran
 * @property {number} exitCode
 */

const PEERS = ["s6-svscan", "runsvdir", "supervisord"];
const COUNTS = [1, 10, 100];
/** A service that ends in its first second costs another one: runsv then waits, lest it start services in a tight loop. */
const SETTLE_MS = 1500;
const GRACE_SECONDS = 10;

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureStop(bench) {
  const { ours, peers } = bench.images;
  const whole = { name: "my_init", word: "my_init", image: ours };
  const alone = [
    { supervisor: { name: "sh", word: "alone", image: peers }, services: 1 },
    { supervisor: { name: "tini -- sh", word: "tini", image: peers }, services: 1 },
  ];
  const supervisors = [whole, ...overlaySupervisors(bench.images), ...peerSupervisors(bench.images, PEERS)];
  const supervised = COUNTS.flatMap((services) => supervisors.map((supervisor) => ({ supervisor, services })));
  // What most people write, `sleep & wait`, leaves a process to somebody at every stop.
  const withChild = [whole, ...peerSupervisors(bench.images, ["s6-svscan"])].map((supervisor) => ({
    supervisor,
    services: 100,
    withChild: true,
  }));
  const samples = stopInTurns(bench, [...alone, ...supervised, ...withChild], bench.quick ? 1 : 7);
  /** @param {readonly Candidate[]} candidates */
  const rows = (candidates) => candidates.map((candidate) => describe(candidate, samples.get(candidate) ?? []));
  const title = "docker stop, wall time";
  return [
    { id: "stop-alone", title: `${title}: one process that traps TERM, no supervisor`, unit: "ms", rows: rows(alone) },
    ...COUNTS.map((count) => ({
      id: `stop-${count}`,
      title: `${title}: ${count === 1 ? "1 service that traps" : `${count} services that trap`} TERM`,
      unit: "ms",
      reference: "s6-svscan",
      rows: rows(supervised.filter(({ services }) => services === count)),
      ...(count === 100
        ? {
            notes: [
              "runsvdir is stopped by HUP, as its manual says, and does not wait for its services",
              "s6-svscan is Debian's, dynamically linked; s6-overlay's static one is not measured",
              `${WHERE_THE_OVERLAY_IS}: its services run another sh`,
            ],
          }
        : {}),
    })),
    {
      id: "stop-100-missed",
      title: "Of those 100, handlers that did not run",
      unit: "services",
      rows: supervised
        .filter(({ services }) => services === 100)
        .map((candidate) => ({
          name: candidate.supervisor.name,
          samples: (samples.get(candidate) ?? []).map(({ handlers }) => candidate.services - handlers),
        })),
    },
    {
      id: "stop-100-with-child",
      title: `${title}: 100 services that trap TERM and leave a child behind`,
      unit: "ms",
      reference: "s6-svscan",
      rows: rows(withChild),
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
function start({ engine }, { supervisor, services, withChild }) {
  const signal = supervisor.word === "runsvdir" ? "HUP" : "TERM";
  const command = ["/bench/serve.sh", supervisor.word, String(services), ...(withChild ? ["with-child"] : [])];
  return engine.start(["--stop-signal", signal, supervisor.image, ...command]);
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
function describe({ supervisor, services }, stops) {
  const fewest = Math.min(...stops.map(({ handlers }) => handlers));
  return {
    name: supervisor.name,
    samples: stops.map(({ ms }) => ms),
    facts: {
      "handlers run": `${fewest}/${services}`,
      "exit status": [...new Set(stops.map(({ exitCode }) => exitCode))].join(", "),
    },
  };
}
