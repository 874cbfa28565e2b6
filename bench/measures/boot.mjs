// Time from the start of an init to the moments its first and its last service run their first line.
import { overlaySupervisors, peerSupervisors, WHERE_THE_OVERLAY_IS } from "../images.mjs";
import { number } from "../report.mjs";
import { inTurns, summarize } from "../stats.mjs";

/** @import { Supervisor } from "../images.mjs" */
/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

const COUNTS = [1, 10, 100];
const PEERS = ["s6-svscan", "runsvdir", "supervisord"];

/**
 * @typedef {object} Candidate
 * @property {Supervisor} supervisor
 * @property {number} services beside the image's own
 */

/**
 * @typedef {object} Boot
 * @property {number} ms until the last service
 * @property {number} firstMs until the first
 * @property {string[]} own services of the image itself that were started
 */

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureBoot(bench) {
  const { ours } = bench.images;
  const supervisors = [
    { name: "my_init, these services only", word: "my_init-bare", image: ours },
    { name: "my_init, whole image", word: "my_init", image: ours },
    ...overlaySupervisors(bench.images),
    ...peerSupervisors(bench.images, PEERS),
  ];
  /** @type {Candidate[]} */
  const candidates = COUNTS.flatMap((services) => supervisors.map((supervisor) => ({ supervisor, services })));
  const boots = inTurns(candidates, bench.quick ? 1 : 9, (candidate) => boot(bench, candidate));
  const own = new Set([...boots.values()].flat().flatMap((boot) => boot.own));
  return COUNTS.map((count) => ({
    id: `boot-${count}`,
    title: `Boot, from the init's exec to the first line of the last of ${count === 1 ? "1 service" : `${count} services`}`,
    unit: "ms",
    reference: "s6-svscan",
    rows: candidates
      .filter(({ services }) => services === count)
      .map((candidate) => {
        const runs = boots.get(candidate) ?? [];
        return {
          name: candidate.supervisor.name,
          samples: runs.map(({ ms }) => ms),
          facts: { "the first": number(summarize(runs.map(({ firstMs }) => firstMs)).median) },
        };
      }),
    notes: [
      `the whole image: its startup scripts and system log before, and among them its services: ${[...own]}`,
      WHERE_THE_OVERLAY_IS,
    ],
  }));
}

/**
 * The last service ends the container: nobody has to look meanwhile.
 *
 * @param {Bench} bench
 * @param {Candidate} candidate
 * @returns {Boot}
 */
function boot({ engine }, { supervisor, services }) {
  const container = `${engine.label.replace("=", "-")}-boot`;
  engine.attempt([
    ...["run", "--label", engine.label, "--name", container, supervisor.image],
    ...["/bench/serve.sh", supervisor.word, String(services), "timed"],
  ]);
  const lines = engine
    .readFile(container, "/bench/marks/up")
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  engine.remove(container);
  const [began, ...started] = lines;
  const names = started.map(([name = ""]) => name);
  const asked = names.filter((name) => name.startsWith("bench-"));
  if (began?.[0] !== "begin" || new Set(asked).size !== services || asked.length !== services) {
    throw new Error(`${asked.length} starts of ${services} services of ${supervisor.name} were written down`);
  }
  const times = started.map(([, ns]) => (Number(ns) - Number(began[1])) / 1e6);
  return {
    ms: Math.max(...times),
    firstMs: Math.min(...times),
    own: names.filter((name) => !name.startsWith("bench-")),
  };
}
