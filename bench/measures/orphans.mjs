// Many orphans that exit at once: whether the init keeps up, and what that costs.
import { inTurns } from "../stats.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

/**
 * What fixtures/orphan-storm.c prints.
 *
 * @typedef {object} Storm
 * @property {number} count
 * @property {number} zombies left one second after the last exit
 * @property {number} cpuUs of the init, from the first exit until then
 * @property {number} exitedMs from the first exit to the last
 * @property {number | null} reapedMs from the last exit until no orphan is left; null: some are
 */

const ORPHANS = 20_000;
const QUICK_ORPHANS = 4_000;
/** @type {Record<string, string[]>} */
const INITS = {
  my_init: ["/sbin/my_init", "--skip-startup-files", "--skip-runit", "--quiet", "--"],
  tini: ["tini", "--"],
  "dumb-init": ["dumb-init", "--"],
  catatonit: ["catatonit", "--"],
};

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureOrphans(bench) {
  const orphans = bench.quick ? QUICK_ORPHANS : ORPHANS;
  const names = bench.quick ? ["my_init", "tini"] : Object.keys(INITS);
  // wait(2) goes through the list of children until it meets a dead one. On several CPUs it is luck how many are still
  // alive in front of it, and the same init uses 0.07 s in one round and 2 s in the next. On one CPU they die in the
  // order of the list, so that is where CPU time is compared; on all of them, whether the init keeps up.
  const oneCpu = inTurns(names, bench.quick ? 1 : 4, (name) => storm(bench, name, orphans, ["--cpuset-cpus", "0"]));
  const allCpus = inTurns(names, bench.quick ? 0 : 6, (name) => storm(bench, name, orphans, []));
  const title = `${orphans.toLocaleString("en-US")} orphans exit at once`;
  return [
    {
      id: "orphans-cpu",
      title: `${title}, on one CPU: CPU time of the init`,
      unit: "ms",
      reference: "tini",
      rows: [...oneCpu].map(([name, storms]) => ({ name, samples: storms.map(({ cpuUs }) => cpuUs / 1000) })),
    },
    {
      id: "orphans-cpu-all",
      title: `${title}, on all CPUs: CPU time of the init`,
      unit: "ms",
      reference: "tini",
      rows: [...allCpus].map(([name, storms]) => ({
        name,
        samples: storms.map(({ cpuUs }) => cpuUs / 1000),
        facts: { "reaped after the last exit, ms": storms.map(({ reapedMs }) => reapedMs ?? "never").join(" ") },
      })),
    },
    {
      id: "orphans-zombies",
      title: `${title}: zombies left a second after the last exit, all rounds of both`,
      unit: "zombies",
      rows: names.map((name) => ({
        name,
        samples: [...(oneCpu.get(name) ?? []), ...(allCpus.get(name) ?? [])].map(({ zombies }) => zombies),
      })),
    },
  ].filter((section) => section.rows.every((row) => row.samples.length > 0));
}

/**
 * @param {Bench} bench
 * @param {string} name
 * @param {number} orphans
 * @param {string[]} limits
 * @returns {Storm}
 */
function storm({ engine, images }, name, orphans, limits) {
  const { stdout } = engine.run([
    ...["--rm", "--network", "none", "--memory", "4g", "--pids-limit", String(orphans + 1000), ...limits],
    ...["--entrypoint", INITS[name]?.[0] ?? name, images.ours, ...(INITS[name] ?? []).slice(1)],
    ...["/bench/orphan-storm", String(orphans)],
  ]);
  return JSON.parse(stdout);
}
