// What a whole start and stop of the image costs the user of `docker run`.

import { number } from "../report.mjs";
import { inTurns, summarize } from "../stats.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureRun(bench) {
  const { images } = bench;
  /** @type {Record<string, string[]>} */
  const commands = {
    true: ["--entrypoint", "true", images.tested],
    my_init: [images.tested, "my_init", "--quiet", "--", "true"],
    "my_init, without services": [images.tested, "my_init", "--quiet", "--skip-runit", "--", "true"],
    // The same image with tini put in, so that the layers are nearly the same too.
    tini: ["--entrypoint", "tini", images.ours, "--", "true"],
  };
  return addedByRun(bench, { commands, rounds: bench.quick ? 4 : 20 });
}

/**
 * What each way to run `true` adds to the one that is called just that.
 *
 * @param {Bench} bench
 * @param {{ commands: Record<string, string[]>, rounds: number }} what name -> arguments of `docker run`
 * @returns {Section[]}
 */
export function addedByRun({ engine }, { commands, rounds }) {
  const samples = inTurns(Object.keys(commands), rounds, (name) => {
    const container = `${engine.label.replace("=", "-")}-run`;
    const { ms } = engine.run(["--name", container, ...(commands[name] ?? [])]);
    const { StartedAt, FinishedAt } = engine.inspect("container", container).State;
    engine.remove(container);
    return { ms, upMs: sinceEpochMs(FinishedAt) - sinceEpochMs(StartedAt) };
  });
  const alone = samples.get("true") ?? [];
  const others = [...samples].filter(([name]) => name !== "true");
  /** @param {(run: { ms: number, upMs: number }) => number} time */
  const added = (time) =>
    others.map(([name, runs]) => ({
      name,
      samples: runs.map((run, round) => time(run) - (alone[round] ? time(alone[round]) : Number.NaN)),
    }));
  return [
    {
      id: "run",
      title: "docker run: wall time added to `docker run --entrypoint true IMAGE` in the same round",
      unit: "ms",
      rows: added(({ ms }) => ms),
      notes: [`true alone: ${number(summarize(alone.map(({ ms }) => ms)).median)} ms`],
    },
    {
      id: "run-up",
      title: "The same, only from the container's start to its end as the engine noted them",
      unit: "ms",
      rows: added(({ upMs }) => upMs),
      notes: [`true alone: ${number(summarize(alone.map(({ upMs }) => upMs)).median)} ms`],
    },
  ];
}

/**
 * The engine notes nanoseconds, of which Date would keep milliseconds.
 *
 * @param {string} time
 */
function sinceEpochMs(time) {
  const [, seconds = "", fraction = "0"] = /^([^.Z]+)(?:\.(\d+))?/.exec(time) ?? [];
  return Date.parse(`${seconds}Z`) + Number(`0.${fraction}`) * 1000;
}
