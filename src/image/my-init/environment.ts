import { isShellName, toJson, toShellScript } from "../../container/env-export.ts";
import { ENVIRONMENT, readSecret, readVariables } from "../../container/variable-files.ts";
import {
  contentOfValue,
  type Environment,
  isFileName,
  isSame,
  mergeAfterScript,
  mergeAtStart,
  parseEnviron,
  scratchName,
  secretFiles,
  shared,
} from "../../core/container-env.ts";
import { printable } from "../../core/printable.ts";
import { ERRNO, errorWords } from "../../linux/errno.ts";
import { removeTree, replaceFile } from "../../linux/files.ts";
import type { Linux } from "../../linux/linux.ts";
import { SysError } from "../../linux/sys-error.ts";
import type { Log } from "./logs/log.ts";
import type { Unavailable } from "./unavailable.ts";

/** The copies on a read-only root. Files that an earlier container left here do not count. */
const RUN_DIRECTORY = "/run/container_environment";

/** The files beside a directory with all its variables. */
const DUMPS = { shell: ".sh", json: ".json" };

/** Group docker_env, whose members may read the dumps. */
const DOCKER_ENV_GID = 8377;
const NEW_DUMP = { mode: 0o640, gid: DOCKER_ENV_GID };
const NEW_VARIABLE = { mode: 0o644, gid: 0 };

/** Errors of a file system or user that may not write: the container runs without the copies. */
const FORBIDDEN: readonly number[] = [ERRNO.EROFS, ERRNO.EACCES, ERRNO.EPERM];

/** The environment of the container, between the process, the directory and the dumps. @see docs/reference/environment.md */
export class ContainerEnvironment {
  readonly #linux: Linux;
  readonly #log: Log;
  readonly #unavailable: Unavailable;
  readonly #given: Environment;
  #env: Environment;
  /** The directory's content when it was last read. */
  #files: Environment = new Map();
  /** Never written anywhere. */
  #secrets: Environment = new Map();
  /** Never written either. */
  readonly #provided = new Map<string, string>();
  #directories: ReadonlySet<string> = new Set();
  /** The directory of the copies, which is read after a startup script. */
  #directory = ENVIRONMENT;
  #isForbidden = false;
  #isWritable = true;
  #dumped: Environment | undefined;

  constructor(linux: Linux, log: Log, unavailable: Unavailable) {
    this.#linux = linux;
    this.#log = log;
    this.#unavailable = unavailable;
    this.#given = parseEnviron(linux.environ);
    this.#env = this.#given;
  }

  /** The variables as they are now. */
  get current(): Environment {
    if (this.#secrets.size + this.#provided.size === 0) return this.#env;
    return new Map([...this.#env, ...this.#secrets, ...this.#provided]);
  }

  /** Adds a variable for all later processes, only until the container ends. */
  provide(name: string, value: string): void {
    this.#provided.set(name, value);
  }

  /**
   * At start: reads the directory, then writes all variables to it and to the dumps. Without the directory nothing is
   * read or written. Secrets are read from their files.
   *
   * @throws SysError if a variable cannot be read, or there is no room to write
   * @throws Failure if a secret cannot be read
   */
  import(): void {
    if (this.#linux.getEuid() === 0) {
      for (const end of ["", DUMPS.shell, DUMPS.json]) removeTree(this.#linux, RUN_DIRECTORY + end);
    }
    const files = this.#readDirectory();
    if (files !== undefined) {
      this.#env = mergeAtStart(this.#given, files);
      this.#write(() => this.#writeDirectory(files));
      this.#writeDumps();
    }
    this.#readSecrets();
  }

  /** After a startup script: the directory is the environment now. @throws SysError as {@link import} */
  refresh(): void {
    const files = this.#readDirectory();
    if (files !== undefined) {
      // If the directory is not writable, a missing file does not mean a removed variable.
      this.#env = this.#isWritable ? mergeAfterScript(this.#given, files) : mergeAtStart(this.#env, files);
      this.#writeDumps();
    }
    this.#readSecrets();
  }

  #readSecrets(): void {
    const secrets = [...secretFiles(this.#env)].map(
      ([name, path]) => [name, readSecret(this.#linux, name, path)] as const,
    );
    this.#secrets = new Map(secrets);
  }

  #readDirectory(): Environment | undefined {
    const names = this.#linux.listDir(this.#directory);
    if (typeof names === "number") {
      if (-names === ERRNO.ENOENT) return undefined;
      if (!FORBIDDEN.includes(-names)) throw new SysError("cannot read", this.#directory, -names);
      if (!this.#isForbidden) this.#unavailable.add(`the variables of ${this.#directory}`, errorWords(-names));
      this.#isForbidden = true;
      return undefined;
    }
    const { directories, variables } = readVariables(this.#linux, this.#log, this.#directory, names);
    this.#directories = directories;
    this.#files = variables;
    return variables;
  }

  #writeDirectory(files: Environment): void {
    const scratch = `${this.#directory}/${scratchName(this.#linux.getPid())}`;
    for (const [name, value] of shared(this.#env, this.#files)) {
      if (files.get(name) === value) continue;
      if (this.#directories.has(name)) {
        this.#log.warn(`the variable "${printable(name)}" has no file in ${this.#directory}: a folder has its name`);
      } else if (isFileName(name)) {
        replaceFile(this.#linux, `${this.#directory}/${name}`, scratch, contentOfValue(value), NEW_VARIABLE);
      } else {
        this.#log.warn(
          `the variable "${printable(name)}" has no file in ${this.#directory}: no file can have this name`,
        );
      }
    }
  }

  #writeDumps(): void {
    const env = shared(this.#env, this.#files);
    if (this.#dumped !== undefined && isSame(env, this.#dumped)) return;
    this.#warnOfLeftOut(env);
    this.#dumped = env;
    this.#write(() => this.#dump(env));
  }

  #dump(env: Environment): void {
    this.#writeDump(this.#directory + DUMPS.shell, toShellScript(env));
    this.#writeDump(this.#directory + DUMPS.json, toJson(env));
  }

  /** Warns once of each variable that is not in the shell's dump. */
  #warnOfLeftOut(env: Environment): void {
    const names = [...env.keys()].filter((name) => !isShellName(name) && !this.#dumped?.has(name)).sort();
    if (names.length === 0) return;
    const list = names.map((name) => `"${printable(name)}"`).join(", ");
    this.#log.warn(`not in ${this.#directory}.sh, as no shell can set variables of these names: ${list}`);
  }

  #writeDump(path: string, content: string): void {
    // Reading costs a tenth of writing, and most starts of a container change nothing.
    if (this.#linux.readFile(path, content.length, false) === content) return;
    const directory = path.slice(0, path.lastIndexOf("/"));
    replaceFile(this.#linux, path, `${directory}/${scratchName(this.#linux.getPid())}`, content, NEW_DUMP);
  }

  /** Calls `act`. If writing is not allowed, it warns once and never tries again. */
  #write(act: () => void): void {
    if (!this.#isWritable) return;
    try {
      act();
    } catch (error) {
      if (!(error instanceof SysError) || !FORBIDDEN.includes(error.errno)) throw error;
      if (this.#moveToRun()) return;
      this.#isWritable = false;
      this.#unavailable.add(`the copies of the environment in ${ENVIRONMENT}*`, errorWords(error.errno));
    }
  }

  /** Writes all to /run, for cron jobs and sessions on a read-only root. @returns false if it cannot */
  #moveToRun(): boolean {
    if (this.#directory === RUN_DIRECTORY || this.#linux.getEuid() !== 0) return false;
    if (this.#linux.mkdir(RUN_DIRECTORY, 0o700) < 0) return false;
    this.#directory = RUN_DIRECTORY;
    this.#write(() => {
      this.#writeDirectory(new Map());
      this.#dump(shared(this.#env, this.#files));
    });
    return true;
  }
}
