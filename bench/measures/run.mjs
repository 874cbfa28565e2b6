// What a whole start and stop of the image costs the user of `docker run`.

import { number } from "../report.mjs";
import { inTurns, summarize } from "../stats.mjs";

/** @import { Bench } from "../main.mjs" */
/** @import { Section } from "../report.mjs" */

/**
 * @param {Bench} bench
 * @returns {Section[]}
 */
export function measureRun({ engine, images, quick }) {
  /** @type {Record<string, string[]>} */
  const commands = {
    true: ["--entrypoint", "true", images.tested],
    my_init: [images.tested, "my_init", "--quiet", "--", "true"],
    "my_init, without services": [images.tested, "my_init", "--quiet", "--skip-runit", "--", "true"],
    // The same image with tini put in, so that the layers are nearly the same too.
    tini: ["--entrypoint", "tini", images.ours, "--", "true"],
  };
  const samples = inTurns(Object.keys(commands), quick ? 4 : 20, (name) => {
    const container = `${engine.label.replace("=", "-")}-run`;
    const { ms } = engine.run(["--name", container, ...(commands[name] ?? [])]);
    engine.remove(container);
    return ms;
  });
  const alone = samples.get("true") ?? [];
  return [
    {
      id: "run",
      title: "docker run: time added to `docker run --entrypoint true IMAGE` in the same round",
      unit: "ms",
      rows: [...samples]
        .filter(([name]) => name !== "true")
        .map(([name, times]) => ({ name, samples: times.map((ms, round) => ms - (alone[round] ?? Number.NaN)) })),
      notes: [`true alone: ${number(summarize(alone).median)} ms`],
    },
  ];
}
