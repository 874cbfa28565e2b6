// Time that an init adds before and after a one-shot command.

import { number } from "../report.mjs";
import { summarize } from "../stats.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

const MY_INIT = ["/sbin/my_init", "--skip-startup-files", "--skip-runit", "--quiet", "--", "true"];
const NEW_ENVIRONMENT = "my_init, environment new";
const DUMB_INIT = ["/usr/bin/dumb-init", "--", "true"];
const CATATONIT = ["/usr/bin/catatonit", "--", "true"];

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureStart(bench) {
  const asPid1 = {
    my_init: MY_INIT,
    // As long as its environment is what it was the last time, it writes nothing; in a new container it always has to.
    [NEW_ENVIRONMENT]: ["BENCH_ROUND=", ...MY_INIT],
    tini: ["/usr/bin/tini", "--", "true"],
    "dumb-init": DUMB_INIT,
    catatonit: CATATONIT,
  };
  // Not being PID 1, tini has to be told to take in orphans; my_init does so by itself.
  const plain = { ...asPid1, tini: ["/usr/bin/tini", "-s", "--", "true"] };
  // What a container's owner pays when it runs one command: the system log and the services come and go with it.
  const whole = {
    "my_init, everything": ["BENCH_ROUND=", "/sbin/my_init", "--quiet", "--", "true"],
    "my_init, without services": ["BENCH_ROUND=", "/sbin/my_init", "--skip-runit", "--quiet", "--", "true"],
    tini: asPid1.tini,
  };
  const image = bench.images.ours;
  const rounds = bench.quick ? 40 : 600;
  return [
    addedToStart(bench, { id: "start-pid1", image, mode: "pid1", inWords: "as PID 1", rounds }, asPid1),
    addedToStart(bench, { id: "start-plain", image, mode: "plain", inWords: "not PID 1", rounds }, plain),
    addedToStart(bench, { id: "start-whole", image, mode: "pid1", inWords: "as PID 1", rounds: rounds / 10 }, whole),
  ];
}

/**
 * @param {Bench} bench
 * @param {{ id: string, image: string, mode: "pid1" | "plain", inWords: string, rounds: number }} how
 * @param {Record<string, string[]>} candidates name -> command line, as fixtures/spawn-timer.c reads it; one is tini
 * @returns {Section}
 */
export function addedToStart({ engine }, { id, image, mode, inWords, rounds }, candidates) {
  const commands = Object.values(candidates).flatMap((command) => [":::", ...command]);
  const { stdout } = engine.run([
    // A PID namespace of their own, and a /proc in it, take a capability that containers do not have.
    ...["--rm", "--network", "none", "--cap-add", "SYS_ADMIN", "--security-opt", "apparmor=unconfined"],
    ...["--entrypoint", "/bench/spawn-timer", image, mode, String(rounds), "true", ...commands],
  ]);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map((ns) => Number(ns) / 1000));
  const names = Object.keys(candidates);
  if (
    lines.length !== rounds ||
    lines.some((line) => line.length !== names.length + 1 || line.some((us) => !(us > 0)))
  ) {
    throw new Error(
      `spawn-timer printed ${lines.length} lines where ${rounds} rounds of ${names.length + 1} times were expected`,
    );
  }
  const alone = lines.map((line) => line[0] ?? Number.NaN);
  return {
    id,
    title: `Time added to \`true\`, ${inWords}: X -- true less true in the same round`,
    unit: "µs",
    reference: "tini",
    rows: names.map((name, i) => ({
      name,
      samples: lines.map((line, round) => (line[i + 1] ?? 0) - (alone[round] ?? 0)),
    })),
    notes: [`true alone: ${number(summarize(alone).median)} µs`],
  };
}
