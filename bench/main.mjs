#!/usr/bin/env node
// `make bench`: my_init beside its peers, in one run. Measures, prints, judges by the budgets; a number never makes it
// fail, a measurement that could not be made does.
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Steps } from "../scripts/progress.mjs";
import { judge } from "./budgets.mjs";
import { Engine } from "./engine.mjs";
import { prepareImages } from "./images.mjs";
import { measureBoot } from "./measures/boot.mjs";
import { measureLogs } from "./measures/logs.mjs";
import { measureMemory } from "./measures/memory.mjs";
import { measureOrphans } from "./measures/orphans.mjs";
import { measureOverlay } from "./measures/overlay.mjs";
import { measureRun } from "./measures/run.mjs";
import { measureSize } from "./measures/size.mjs";
import { measureStart } from "./measures/start.mjs";
import { measureStop } from "./measures/stop.mjs";
import { budgetTable, sectionTable } from "./report.mjs";
import { summarize } from "./stats.mjs";

/** @import { Section } from "./report.mjs" */
/** @import { BenchImages } from "./images.mjs" */

/**
 * What a measure gets.
 *
 * @typedef {object} Bench
 * @property {Engine} engine
 * @property {BenchImages} images
 * @property {boolean} quick fewer rounds: enough to see that everything can be measured
 */

/** @type {Record<string, (bench: Bench) => Section[]>} */
const MEASURES = {
  start: measureStart,
  boot: measureBoot,
  memory: measureMemory,
  run: measureRun,
  stop: measureStop,
  orphans: measureOrphans,
  logs: measureLogs,
  size: measureSize,
  overlay: measureOverlay,
};

const USAGE = `usage: node bench/main.mjs [--quick] [--json FILE] [--only NAME]...

  --quick      few rounds, for a smoke test; the spread is wide
  --json FILE  where the figures go (build/bench.json)
  --only NAME  just this measure: ${Object.keys(MEASURES).join(", ")}

Environment: IMAGE (baseimage:latest; its overlay is IMAGE-overlay), ENGINE (docker), BENCH_BASE (the image's own base,
where it can be found).
`;

/** Long enough for Node to hear of a signal that came while it waited for the engine. */
const SIGNAL_PAUSE_MS = 10;

process.exitCode = await main();

/** @returns {Promise<number>} exit status */
async function main() {
  const options = readOptions();
  if (typeof options === "number") return options;

  const steps = new Steps("bench");
  // The line moves between two calls: another process that moved it would disturb the measurement.
  const engine = new Engine(process.env["ENGINE"] || "docker", () => steps.tick());
  // Heard between two measures, and never the end on the spot: the containers have to be removed first. Ctrl-C also
  // reaches the engine's client that is running just then, which makes an end of that measure.
  let isInterrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      isInterrupted = true;
    });
  }
  /** @type {Section[]} */
  const sections = [];
  /** @type {string[]} */
  const failures = [];
  const began = Date.now();
  const machine = describeMachine(engine);
  try {
    const bench = { engine, images: prepareImages(engine), quick: options.quick };
    for (const [index, name] of options.only.entries()) {
      steps.begin(`measuring ${name}, ${index + 1} of ${options.only.length}`);
      try {
        sections.push(...(MEASURES[name]?.(bench) ?? []));
      } catch (error) {
        failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
      }
      engine.removeContainers();
      await sleep(SIGNAL_PAUSE_MS);
      if (isInterrupted) throw new Error("interrupted");
    }
    steps.end();
    const budgets = judge(sections);
    const seconds = Math.round((Date.now() - began) / 1000);
    mkdirSync(dirname(options.json), { recursive: true });
    const results = sections.map((section) => ({
      ...section,
      rows: section.rows.map((row) => ({ ...row, summary: summarize(row.samples) })),
    }));
    const { tested, base, peerVersions } = bench.images;
    const document = { schema: 1, quick: options.quick, image: tested, base, peers: peerVersions, machine };
    writeFileSync(options.json, `${JSON.stringify({ ...document, seconds, failures, budgets, results }, null, 1)}\n`);

    console.log(`${tested} on ${base}; ${machine.cpu} x${machine.cpus}, Linux ${machine.kernel},`);
    console.log(`${machine.engine}, load ${machine.load}; ${options.quick ? "quick, " : ""}${seconds} s`);
    console.log(`beside ${peerVersions}\n`);
    for (const section of sections) console.log(`${sectionTable(section)}\n`);
    console.log(budgetTable(budgets));
  } catch (error) {
    failures.push(error instanceof Error ? error.message : String(error));
  } finally {
    steps.end();
    engine.removeContainers();
  }
  for (const failure of failures) console.error(`bench: ${failure}`);
  return failures.length > 0 ? 1 : 0;
}

/** @returns {{ quick: boolean, json: string, only: string[] } | number} options, or the status to leave with */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: "boolean", default: false },
        json: { type: "string", default: "build/bench.json" },
        only: { type: "string", multiple: true, default: Object.keys(MEASURES) },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const unknown = values.only.find((name) => !(name in MEASURES));
    if (unknown === undefined) return values;
    throw new Error(`unknown measure "${unknown}"`);
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : error}\n${USAGE}`);
    return 2;
  }
}

/** @param {Engine} engine */
function describeMachine(engine) {
  return {
    cpu: cpus()[0]?.model ?? "unknown CPU",
    cpus: cpus().length,
    kernel: release(),
    engine: `${engine.program} ${engine.version()}`,
    load: loadavg()
      .map((load) => load.toFixed(1))
      .join(" "),
  };
}
