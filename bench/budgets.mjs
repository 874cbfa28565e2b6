// What the project promised itself, and whether this run kept it.
import { OVERLAY } from "./images.mjs";
import { WITH_SSHD } from "./measures/memory.mjs";
import { number } from "./report.mjs";
import { summarize } from "./stats.mjs";

/** @import { Section } from "./report.mjs" */

/**
 * @typedef {object} Verdict
 * @property {string} what
 * @property {string} limit
 * @property {string} measured
 * @property {"met" | "MISSED" | "not measured"} verdict
 */

/**
 * @param {readonly Section[]} sections
 * @returns {Verdict[]}
 */
export function judge(sections) {
  /** @param {string} id @param {string} name */
  const row = (id, name) => {
    const rows = sections.find((section) => section.id === id)?.rows;
    const found = rows?.find((candidate) => candidate.name === name);
    // A name that no row has would be a limit that nothing can miss.
    if (rows && !found && name !== WITH_SSHD) throw new Error(`the measure ${id} has no row "${name}"`);
    return found;
  };
  /** @param {string} id @param {string} name */
  const median = (id, name) => {
    const found = row(id, name);
    return found && summarize(found.samples).median;
  };
  /** @param {string} id @param {string} name */
  const worst = (id, name) => {
    const found = row(id, name);
    return found && summarize(found.samples).max;
  };
  /** @param {number | undefined} part @param {number | undefined} whole */
  const ratio = (part, whole) => (part === undefined || whole === undefined ? undefined : part / whole);
  /** @param {number | undefined} us */
  const inMilliseconds = (us) => (us === undefined ? undefined : us / 1000);

  return [
    atMost("my_init idle with services, RSS", median("memory-rss", "my_init"), 1280, "KiB"),
    atMost(
      "my_init -- true over true, as PID 1: ratio to tini",
      ratio(median("start-pid1", "my_init"), median("start-pid1", "tini")),
      0.85,
    ),
    atMost(
      "the same, with an environment to write down",
      ratio(median("start-pid1", "my_init, environment new"), median("start-pid1", "tini")),
      1.15,
    ),
    atMost(
      "my_init -- true over true, not PID 1: ratio to tini",
      ratio(median("start-plain", "my_init"), median("start-plain", "tini")),
      0.85,
    ),
    atMost("idle default container, cgroup rss", median("memory-container", "as it is"), 2458, "KiB"),
    atMost("the same with sshd up", median("memory-container", WITH_SSHD), 3584, "KiB"),
    atMost("the same, anonymous memory of PID 1", median("memory-processes-as-it-is", "my_init"), 260, "KiB"),
    atMost("overlay with three idle services, cgroup rss", median("overlay-idle", OVERLAY), 330, "KiB"),
    atMost(
      "boot of 100 services: ratio to s6",
      ratio(median("boot-100", "my_init, these services only"), median("boot-100", "s6-svscan")),
      1,
    ),
    atMost("docker run IMAGE my_init --quiet -- true over true", median("run", "my_init"), 100, "ms"),
    atMost(
      "the same, without the engine's share",
      inMilliseconds(median("start-whole", "my_init, everything")),
      100,
      "ms",
    ),
    atMost("added to the base, layers", median("size-layers", "all of it"), 50, "MB"),
    atMost("added to the base, packages", median("size-packages", "baseimage"), 60),
    atMost("python, perl or systemd packages among them", median("size-unwanted", "baseimage"), 0),
    atMost("docker stop, 100 services", median("stop-100", "my_init"), 200, "ms"),
    atMost(
      "docker stop, 100 services: ratio to s6",
      ratio(median("stop-100", "my_init"), median("stop-100", "s6-svscan")),
      200 / 210,
    ),
    atMost("docker stop, 100 services: handlers that did not run", worst("stop-100-missed", "my_init"), 0),
    atMost("orphans at once: zombies a second after the last exit", worst("orphans-zombies", "my_init"), 0),
    atMost(
      "orphans at once: CPU, ratio to tini",
      ratio(median("orphans-cpu", "my_init"), median("orphans-cpu", "tini")),
      1.3,
    ),
    atMost(
      "the same on all processors",
      ratio(median("orphans-cpu-all", "my_init"), median("orphans-cpu-all", "tini")),
      1.5,
    ),
    atMost("overlay: docker run IMAGE my_init -- true over true", median("overlay-run", "my_init"), 10, "ms"),
    atMost("the same, without the engine's share", inMilliseconds(median("overlay-start", "my_init")), 10, "ms"),
    atMost(
      "overlay: boot of 100 services: ratio to s6",
      ratio(median("boot-100", OVERLAY), median("boot-100", "s6-svscan")),
      0.75,
    ),
    atMost("overlay: docker stop, 100 services: handlers that did not run", worst("stop-100-missed", OVERLAY), 0),
    atMost("the static binary", median("size-binary", "my_init"), 1_000_000, "bytes"),
  ];
}

/**
 * @param {string} what
 * @param {number | undefined} measured
 * @param {number} limit
 * @param {string} [unit]
 * @returns {Verdict}
 */
function atMost(what, measured, limit, unit = "") {
  /** @param {number} value */
  const show = (value) => `${number(value)} ${unit}`.trim();
  if (measured === undefined) return { what, limit: show(limit), measured: "", verdict: "not measured" };
  return { what, limit: show(limit), measured: show(measured), verdict: measured <= limit ? "met" : "MISSED" };
}
