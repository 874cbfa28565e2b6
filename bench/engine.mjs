// The container engine's command line, always with a limit of time, and every container removed in the end.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";

const CALL_TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * What a finished call left.
 *
 * @typedef {object} Called
 * @property {number} ms wall time, from before the client was started until it was gone
 * @property {number} status exit status
 * @property {string} stdout
 * @property {string} stderr
 */

/** Calls a Docker-like command line, one call at a time: a bench that did two things at once would measure neither. */
export class Engine {
  /** @param {string} program `docker` or `podman` @param {() => void} onCall called after each call */
  constructor(program, onCall = () => {}) {
    this.program = program;
    this.onCall = onCall;
    /** Marks this run's containers, so that no other run's are removed. */
    this.label = `baseimage-bench=${randomBytes(6).toString("hex")}`;
  }

  /**
   * Runs the engine with `args`.
   *
   * @param {readonly string[]} args
   * @param {{ timeoutMs?: number }} [options]
   * @returns {Called}
   * @throws {Error} where it cannot be run or takes too long; another status than 0 is an answer
   */
  attempt(args, { timeoutMs = CALL_TIMEOUT_MS } = {}) {
    const began = process.hrtime.bigint();
    const done = spawnSync(this.program, args, {
      encoding: "utf8",
      killSignal: "SIGKILL",
      maxBuffer: MAX_OUTPUT_BYTES,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
    });
    const ms = Number(process.hrtime.bigint() - began) / 1e6;
    this.onCall();
    if (done.error) throw new Error(`cannot run "${this.program} ${args.join(" ")}": ${done.error.message}`);
    return { ms, status: done.status ?? 128, stdout: done.stdout, stderr: done.stderr };
  }

  /**
   * Runs the engine with `args`; anything but status 0 is an error.
   *
   * @param {readonly string[]} args
   * @param {{ timeoutMs?: number }} [options]
   */
  call(args, options) {
    const called = this.attempt(args, options);
    if (called.status === 0) return called;
    const reason = (called.stderr.trim() || called.stdout.trim()).split("\n").slice(-4).join("\n");
    throw new Error(`"${this.program} ${args.join(" ")}" ended with status ${called.status}: ${reason}`);
  }

  /**
   * `run --detach`.
   *
   * @param {readonly string[]} args options, image, command
   * @returns {string} the container's id
   */
  start(args) {
    return this.call(["run", "--detach", "--label", this.label, ...args]).stdout.trim();
  }

  /**
   * `run`, in the foreground, until it has ended. The container stays until it is removed, so that removing is not measured.
   *
   * @param {readonly string[]} args options, image, command
   */
  run(args) {
    return this.call(["run", "--label", this.label, ...args]);
  }

  /**
   * Output of a command in a fresh container of `image`.
   *
   * @param {string} image
   * @param {string} program
   * @param {readonly string[]} args
   */
  output(image, program, args) {
    return this.run(["--rm", "--network", "none", "--entrypoint", program, image, ...args]).stdout;
  }

  /**
   * Content of a file in a container, running or not.
   *
   * @param {string} container
   * @param {string} path
   */
  readFile(container, path) {
    const tar = this.call(["cp", `${container}:${path}`, "-"]).stdout;
    const size = Number.parseInt(tar.slice(124, 136), 8);
    return tar.slice(512, 512 + size);
  }

  /**
   * @param {"container" | "image"} kind
   * @param {string} name
   * @returns {any} what `inspect` says, or undefined where there is no such thing
   */
  inspect(kind, name) {
    const called = this.attempt([kind, "inspect", name]);
    return called.status === 0 ? JSON.parse(called.stdout)[0] : undefined;
  }

  /** Removes what this run started. */
  removeContainers() {
    const ids = this.attempt(["ps", "--all", "--quiet", "--filter", `label=${this.label}`])
      .stdout.split("\n")
      .filter(Boolean);
    if (ids.length > 0) this.attempt(["rm", "--force", ...ids]);
  }

  /** @param {string} container */
  remove(container) {
    this.call(["rm", "--force", container]);
  }

  version() {
    return this.attempt(["version", "--format", "{{.Server.Version}}"]).stdout.trim() || "(unknown version)";
  }
}
