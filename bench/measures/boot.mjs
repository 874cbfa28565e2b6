// Time from the start of an init to the moment the last of its services runs its first line.
import { inTurns } from "../stats.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

const COUNTS = [1, 10, 100];
const PEERS = ["s6-svscan", "runsvdir", "supervisord"];
/** What a row is called -> what fixtures/serve.sh calls it. */
const OURS = { "my_init, these services only": "my_init-bare", "my_init, whole image": "my_init" };

/**
 * @typedef {object} Candidate
 * @property {string} name
 * @property {string} supervisor
 * @property {number} services beside the image's own
 */

/**
 * @typedef {object} Boot
 * @property {number} ms
 * @property {string[]} own services of the image itself that were started
 */

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureBoot(bench) {
  const named = [...Object.entries(OURS), ...PEERS.map((name) => [name, name])];
  /** @type {Candidate[]} */
  const candidates = COUNTS.flatMap((services) =>
    named.map(([name = "", supervisor = ""]) => ({ name, supervisor, services })),
  );
  const boots = inTurns(candidates, bench.quick ? 1 : 9, (candidate) => boot(bench, candidate));
  const own = new Set([...boots.values()].flat().flatMap((boot) => boot.own));
  return COUNTS.map((count) => ({
    id: `boot-${count}`,
    title: `Boot, from the init's exec to the first line of the last of ${count === 1 ? "1 service" : `${count} services`}`,
    unit: "ms",
    reference: "s6-svscan",
    rows: candidates
      .filter(({ services }) => services === count)
      .map((candidate) => ({
        name: candidate.name,
        samples: (boots.get(candidate) ?? []).map(({ ms }) => ms),
      })),
    notes: [`the whole image: its startup scripts and system log before, and among them its services: ${[...own]}`],
  }));
}

/**
 * The last service ends the container: nobody has to look meanwhile.
 *
 * @param {Bench} bench
 * @param {Candidate} candidate
 * @returns {Boot}
 */
function boot({ engine, images }, { supervisor, services }) {
  const image = supervisor.startsWith("my_init") ? images.ours : images.peers;
  const container = `${engine.label.replace("=", "-")}-boot`;
  engine.attempt([
    ...["run", "--label", engine.label, "--name", container, image],
    ...["/bench/serve.sh", supervisor, String(services), "timed"],
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
    throw new Error(`${asked.length} starts of ${services} services of ${supervisor} were written down`);
  }
  const last = Math.max(...started.map(([, ns]) => Number(ns)));
  return { ms: (last - Number(began[1])) / 1e6, own: names.filter((name) => !name.startsWith("bench-")) };
}
