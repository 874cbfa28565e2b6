// One container made up at random from a seed: its content, its processes' behaviour, and the events.
import { parseRestart } from "../../src/container/restart.ts";
import { wordLines } from "../../src/container/service-file.ts";
import { FakeLinux, type FakeProcess, type FakeProgram } from "../support/fake-linux.ts";
import * as habit from "../support/fake-programs.ts";

const SIGHUP = 1;
const SIGINT = 2;
const SIGQUIT = 3;
const SIGTERM = 15;
export const STOP_SIGNALS = [SIGTERM, SIGINT, SIGQUIT, 30, 37];
const FORWARDED = [SIGHUP, 10, 12, 28, 18, 40];

const EINTR = 4;
const ENOSYS = 38;

export const COMMAND = "/usr/bin/app";
export const RUNSVDIR = "/usr/bin/runsvdir";
export const LOG_WRITER = "/usr/lib/baseimage/log_lines";
export const SYSLOG = "/etc/my_init.d/10_syslog-ng.init";
export const DIRECTORIES = {
  startup: "/etc/my_init.d",
  before: "/etc/my_init.pre_shutdown.d",
  after: "/etc/my_init.post_shutdown.d",
};

/** Numbers from a seed: the same ones each time. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  is(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(of: readonly T[]): T {
    return of[Math.floor(this.next() * of.length)] as T;
  }
}

/** A process, and the supervisor that started it and does not stop it. */
export interface Supervised {
  readonly child: FakeProcess;
  readonly supervisor: FakeProcess;
  /** The runsv of the supervisor, where that is a service. */
  readonly runsv: FakeProcess | undefined;
  /** The supervisor ignores TERM: /proc shows it. */
  readonly isDeaf: boolean;
}

/** A signal that reached the program under test. */
export interface Arrival {
  readonly signal: number;
  readonly atMs: number;
}

/** A habit that a program may be given. */
type Choice = [name: string, weight: number, make: () => FakeProgram];

export class Scenario {
  readonly seed: number;
  readonly linux: FakeLinux;
  /** What it is made of, for the report of a failure. */
  readonly notes: string[] = [];
  readonly stops: Arrival[] = [];
  /** Every process in it ends soon after TERM. */
  readonly isObedient: boolean;
  /** The sum of all times that its processes take to end: the limit for a container that obeys. */
  durationMs = 0;
  forkers = 0;
  hasUninterruptible = false;
  hasSlowReader = false;
  hasDeafLogWriter = false;
  readonly hasPidfds: boolean;
  readonly isQuiet: boolean;
  readonly killsAll: boolean;
  readonly hasCommand: boolean;
  readonly hasRunit: boolean;
  /** A program that could not be started, when that was tried, and the exit status that it gives. */
  readonly refusals: { readonly atMs: number; readonly status: number }[] = [];
  readonly env: Record<string, string> = {};
  /** The services that each service needs. */
  readonly needs = new Map<string, readonly string[]>();
  hasCycle = false;
  /** Files of services with a mistake: the boot is refused. */
  readonly #bad = new Set<string>();
  /** The services that have a file `restart`: whether their first end stays, whatever it is. */
  readonly restarts = new Map<string, boolean>();
  /** Log lines name their service. */
  readonly hasLogWriter: boolean;
  readonly #chance: Chance;
  readonly #logChance: Chance;
  readonly #treeChance: Chance;
  readonly supervised: Supervised[] = [];

  constructor(seed: number) {
    this.seed = seed;
    const chance = new Chance(seed);
    this.#chance = chance;
    this.isObedient = chance.is(0.4);
    this.hasCommand = chance.is(0.55);
    this.hasRunit = !(this.hasCommand && chance.is(0.3));
    this.isQuiet = chance.is(0.1);
    this.killsAll = !chance.is(0.05);
    const flags = [
      this.isQuiet ? "--quiet" : "",
      this.killsAll ? "" : "--no-kill-all-on-exit",
      this.hasRunit ? "" : "--skip-runit",
      chance.is(0.05) ? "--skip-startup-files" : "",
      chance.is(0.1) ? "--enable-insecure-key" : "",
    ].filter((flag) => flag !== "");
    this.#drawLimits();

    // By random numbers of its own, so that older seeds still mean the same containers.
    this.#logChance = new Chance(seed ^ 0x10c5);
    this.hasLogWriter = this.#logChance.is(0.3);
    if (this.hasLogWriter) this.env["LOG_PREFIX"] = "yes";

    this.#treeChance = new Chance(seed ^ 0x7ee5);

    const pid = chance.is(0.6) ? 1 : 50;
    const argv = ["my_init", ...flags, ...(this.hasCommand ? ["app", "word"] : [])];
    const callMs = chance.is(0.5) ? 0 : 0.15;
    const latencyMs = chance.is(0.5) ? 0 : 3;
    const stopAtCall = chance.is(0.4) ? chance.whole(1, 700) : 0;
    const stopSignal = chance.pick(STOP_SIGNALS);
    this.hasPidfds = !chance.is(0.05) || this.isObedient;
    const isInterrupted = chance.is(0.1);
    this.note(`argv ${argv.join(" ")}`, `pid ${pid}`, `call ${callMs} ms`, `latency ${latencyMs} ms`);
    this.note(...Object.entries(this.env).map(([name, value]) => `${name}=${value}`));

    let calls = 0;
    this.linux = new FakeLinux({
      // A log writer that hangs is polled every 5 ms for as long as Kubernetes gives: 28 s.
      maxCalls: 1_000_000,
      argv,
      pid,
      environ: ["PATH=/usr/sbin:/usr/bin", ...Object.entries(this.env).map(([name, value]) => `${name}=${value}`)],
      callMs: () => (callMs === 0 ? 0 : chance.next() * callMs),
      latencyMs: () => (latencyMs === 0 ? 0 : chance.next() * latencyMs),
      reusesPids: chance.is(0.5),
      fault: (call, object) => {
        this.#noteRefusal(call, object);
        if (++calls === stopAtCall) this.#stop(stopSignal);
        if (!this.hasPidfds && call === "pidfdOpen") return ENOSYS;
        return isInterrupted && call === "poll" && chance.is(0.2) ? EINTR : 0;
      },
    });
    if (stopAtCall > 0) this.note(`signal ${stopSignal} at call ${stopAtCall}`);
    if (!this.hasPidfds) this.note("no pidfds");
    if (chance.is(0.15)) this.linux.terminal = { foreground: chance.is(0.8) ? this.linux.self.group : 9999 };
    if (chance.is(0.05)) this.#slowReader();

    if (this.hasLogWriter) this.#addLogWriter();
    if (chance.is(0.6)) this.#addSyslog();
    this.#addFiles(flags.includes("--enable-insecure-key"));
    if (this.hasCommand) this.#addCommand();
    if (this.hasRunit) this.#addRunit();
    for (let count = chance.is(0.5) ? chance.whole(0, 2) : 0; count > 0; count--) this.#addStranger();
    this.#drawSignals();
  }

  note(...notes: readonly string[]): void {
    this.notes.push(...notes);
  }

  #drawLimits(): void {
    const chance = this.#chance;
    if (this.isObedient) return;
    const value = () => (chance.is(0.9) ? `${chance.whole(0, 12)}` : chance.pick(["", "soon", "-1", "1.5", "1e3"]));
    if (chance.is(0.2)) this.env["SHUTDOWN_TIMEOUT"] = value();
    if (chance.is(0.15)) this.env["KILL_PROCESS_TIMEOUT"] = value();
    if (chance.is(0.15)) this.env["KILL_ALL_PROCESSES_TIMEOUT"] = value();
    if (chance.is(0.05)) this.env["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
  }

  #slowReader(): void {
    this.hasSlowReader = true;
    const chance = this.#chance;
    const { stderr } = this.linux;
    stderr.room = chance.whole(0, 9000);
    this.note(`standard error has room for ${stderr.room} bytes`);
    if (chance.is(0.2)) return; // no reader ever reads
    const read = () => {
      stderr.room += chance.whole(0, 5000);
      if (this.linux.nowMs < 100_000) this.linux.after(chance.whole(1, 300), read);
    };
    this.linux.after(chance.whole(0, 2000), read);
  }

  #duration(most: number): number {
    const ms = this.#chance.is(0.2) ? 0 : this.#chance.whole(0, most);
    this.durationMs += ms;
    return ms;
  }

  /** Some work that ends by itself. */
  #task(name: string, canFail: boolean): FakeProgram {
    const chance = this.#chance;
    const programs: Choice[] = [
      ["ok", 8, () => habit.exitsAfter(this.#duration(400))],
      ["leaves a daemon", 1, () => this.#andDaemon(habit.exitsAfter(this.#duration(100)))],
    ];
    if (canFail) {
      programs.push(
        ["fails", 1, () => habit.exitsAfter(this.#duration(300), chance.whole(1, 255))],
        ["dies", 1, () => habit.diesAfter(this.#duration(300), chance.pick([9, 11, 6, 15]))],
      );
    }
    if (!this.isObedient) {
      programs.push(
        ["hangs", 1, () => habit.sleeps],
        ["hangs and ignores TERM", 1, () => habit.ignoresTerm],
        ["hangs and ends late", 1, () => habit.endsOnTerm(chance.whole(0, 6000))],
        ["is slow", 1, () => habit.exitsAfter(chance.whole(1000, 12_000))],
        ["stops itself", 1, () => habit.stopsAfter(chance.whole(0, 50))],
        ["cannot be killed soon", 0.3, () => this.#uninterruptible(habit.ignoresTerm)],
      );
    }
    return this.#draw(name, programs);
  }

  /** A program that runs until TERM. */
  #server(name: string): FakeProgram {
    const chance = this.#chance;
    const programs: Choice[] = [
      ["sleeps", 3, () => habit.sleeps],
      ["ends on TERM", 5, () => habit.endsOnTerm(this.#duration(300))],
      ["leaves a daemon", 1, () => this.#andDaemon(habit.endsOnTerm(this.#duration(100)))],
      ["forks on TERM", 1, () => this.#forks()],
      ["leaves zombies to us", 1, () => this.#zombies()],
      ["stops itself", 1, () => habit.stopsAfter(chance.whole(0, 1000))],
    ];
    if (!this.isObedient) {
      programs.push(
        ["ignores TERM", 2, () => habit.ignoresTerm],
        ["ends late", 1, () => habit.endsOnTerm(chance.whole(500, 12_000))],
        ["crashes", 1, () => habit.exitsAfter(chance.whole(0, 1500), chance.whole(0, 3))],
        ["cannot be killed soon", 0.3, () => this.#uninterruptible(habit.ignoresTerm)],
      );
    }
    return this.#treeChance.is(0.2) ? this.#behindSupervisor(programs, name) : this.#draw(name, programs);
  }

  /** The server is the child of a process that does not stop it. */
  #behindSupervisor(programs: readonly Choice[], name: string): FakeProgram {
    const server = this.#draw(name, programs);
    const kinds: [name: string, make: typeof habit.runsInFront, isLeft: boolean][] = [
      ["ignores TERM", habit.deafSupervisor, true],
      ["is a shell without a trap", habit.runsInFront, true],
    ];
    if (!this.isObedient) {
      kinds.push(
        ["is a shell with a trap", habit.trapsTerm, true],
        ["ignores TERM, and starts it again", habit.restartsForEver, true],
        ["waits for it", habit.lets, false],
      );
    }
    const [kind, make, isLeft] = this.#treeChance.pick(kinds);
    this.note(`  its supervisor ${kind}`);
    return (supervisor) => {
      const isDeaf = kind.startsWith("ignores");
      const runsv = supervisor.parent?.name === "runsv" ? supervisor.parent : undefined;
      const child = (self: FakeProcess) => {
        if (isLeft) this.supervised.push({ child: self, supervisor, runsv, isDeaf });
        server(self);
      };
      make(child, ["/usr/bin/supervised"])(supervisor);
    };
  }

  #draw(role: string, programs: readonly Choice[]): FakeProgram {
    let left = this.#chance.next() * programs.reduce((sum, [, weight]) => sum + weight, 0);
    const drawn = programs.find(([, weight]) => {
      left -= weight;
      return left < 0;
    });
    if (drawn === undefined) throw new Error("nothing to draw from");
    this.note(`${role} ${drawn[0]}`);
    return drawn[2]();
  }

  #andDaemon(program: FakeProgram): FakeProgram {
    return habit.together(program, habit.daemonises(this.#chance.whole(0, 50), this.#server("  daemon")));
  }

  #forks(): FakeProgram {
    this.forkers++;
    return habit.forksOnTerm(this.#duration(100), this.#server("  heir"));
  }

  #zombies(): FakeProgram {
    const count = this.#chance.whole(1, 10);
    return (self) => {
      self.reaps = false;
      for (let i = 0; i < count; i++) self.spawn(habit.exitsAfter(i), ["/bin/zombie"]);
    };
  }

  #uninterruptible(program: FakeProgram): FakeProgram {
    this.hasUninterruptible = true;
    const delayMs = this.#chance.whole(1, 3000);
    return (self) => {
      self.killDelayMs = delayMs;
      program(self);
    };
  }

  #addFiles(hasKey: boolean): void {
    const chance = this.#chance;
    const { linux } = this;
    if (chance.is(0.8)) {
      linux.addDirectory("/etc/container_environment", { mode: 0o700 });
      linux.addFile("/etc/container_environment/LANG", "C.UTF-8\n");
    }
    linux.addDirectory("/etc/service");
    if (hasKey) linux.addProgram("/usr/sbin/enable_insecure_key", this.#task("key", true));
    for (const [directory, path] of Object.entries(DIRECTORIES)) {
      if (chance.is(0.1)) continue;
      linux.addDirectory(path);
      for (let count = chance.whole(0, directory === "startup" ? 3 : 2); count > 0; count--) {
        const name = `${path}/${count}0_${directory}`;
        if (!this.isObedient && chance.is(0.03)) linux.addFile(name, "echo", { mode: 0o755 });
        else linux.addProgram(name, this.#task(name, true));
      }
      linux.addFile(`${path}/.hidden`, "", { mode: 0o755 });
      if (chance.is(0.1)) linux.addFile(`${path}/README`, "");
    }
    if (chance.is(0.2)) linux.addProgram("/etc/rc.local", this.#task("rc.local", true));
  }

  #addLogWriter(): void {
    const chance = this.#logChance;
    const { linux } = this;
    linux.addDirectory("/run");
    const kind = this.isObedient ? 0 : chance.next();
    if (kind > 0.95) {
      this.note("no logWriter");
      return;
    }
    const diesMs = chance.whole(0, 5000);
    const dies: FakeProgram = (self) =>
      linux.history.filter(({ file }) => file === LOG_WRITER).length < 4 && habit.diesAfter(diesMs, 9)(self);
    if (kind < 0.6) linux.addProgram(LOG_WRITER, habit.collects);
    else if (kind < 0.9)
      linux.addProgram(LOG_WRITER, habit.together(habit.collects, dies, this.#noted("logWriter dies")));
    else linux.addProgram(LOG_WRITER, habit.together(habit.ignoresTerm, this.#noted("logWriter reads nothing")));
    this.hasDeafLogWriter = kind >= 0.9;
  }

  #addSyslog(): void {
    const chance = this.#chance;
    const busyMs = () => this.#duration(50);
    const programs: Choice[] = [
      ["works", 6, () => habit.syslogd(this.#duration(50), busyMs())],
      ["works, with a helper", 1, () => habit.together(habit.syslogd(5, busyMs()), helped)],
      ["sends messages elsewhere", 1, () => habit.syslogd(this.#duration(50), busyMs(), 3)],
      ["is left to others", 1, () => habit.exitsAfter(this.#duration(50))],
      ["has a wrong configuration", 1, () => habit.exitsAfter(this.#duration(50), 1)],
    ];
    this.durationMs += 150; // the most that a service takes for an orderly end
    if (!this.isObedient) {
      programs.push(
        ["dies later", 1, () => habit.together(habit.syslogd(5, 5), habit.diesAfter(chance.whole(1, 5000), 11))],
        ["never listens", 0.3, () => habit.sleeps],
        ["is busy for ever, and ignores TERM", 0.3, () => habit.together(habit.syslogd(5, 1e6), habit.ignoresTerm)],
      );
    }
    this.linux.addProgram(SYSLOG, this.#draw("syslog", programs));
  }

  #addCommand(): void {
    const chance = this.#chance;
    const kind = chance.next();
    if (kind < 0.04) this.note("no command file");
    else if (kind < 0.08) this.linux.addFile(COMMAND, "text", { mode: chance.is(0.5) ? 0o755 : 0o644 });
    else this.linux.addProgram(COMMAND, chance.is(0.6) ? this.#task("command", true) : this.#server("command"));
  }

  #noteRefusal(call: string, path: string): void {
    const file = this.linux.files.get(path);
    if (file?.program !== undefined) return;
    const atMs = this.linux.nowMs;
    if (call === "stat" && path === COMMAND) this.refusals.push({ atMs, status: file === undefined ? 127 : 126 });
    if (call === "readFile" && this.#bad.has(path)) this.refusals.push({ atMs, status: 1 });
    if ((call === "access" || call === "spawn") && path === RUNSVDIR) this.refusals.push({ atMs, status: 1 });
    if (call === "spawn" && path.startsWith(`${DIRECTORIES.startup}/`) && path !== SYSLOG)
      this.refusals.push({ atMs, status: 126 });
  }

  #addRunit(): void {
    const chance = this.#chance;
    if (!this.isObedient && chance.is(0.03)) {
      this.note("no runsvdir");
      return;
    }
    const services = Array.from({ length: chance.whole(0, 5) }, (_, index): habit.FakeService => {
      const name = `service${index}`;
      const run = this.#server(name);
      return {
        name,
        run,
        ...(chance.is(0.3) ? { finish: this.#task(`${name}/finish`, true) } : {}),
        ...(chance.is(0.4) ? { logMs: this.#duration(50) } : {}),
      };
    });
    const times = { forkMs: chance.next() * 2, execMs: chance.next() * 3 };
    const daemon = habit.runsvdir(this.#withRules(this.#withNeeds(services)), times);
    if (this.isObedient || chance.is(0.9)) this.linux.addProgram(RUNSVDIR, daemon);
    else if (chance.is(0.4))
      this.linux.addProgram(RUNSVDIR, habit.together(daemon, deafToTerm, this.#noted("runsvdir ignores TERM")));
    else
      this.linux.addProgram(
        RUNSVDIR,
        habit.together(daemon, habit.exitsAfter(chance.whole(0, 3000), chance.whole(0, 111))),
      );
  }

  /** Some services need others. Their own random numbers leave the rest of the scenario unchanged. */
  #withNeeds(services: readonly habit.FakeService[]): readonly habit.FakeService[] {
    const chance = new Chance(~this.seed);
    if (!chance.is(0.4)) return services;
    const { linux } = this;
    this.#allowMirror();
    return services.map((service, index) => {
      const names = services.slice(0, index).flatMap(({ name }) => (chance.is(0.4) ? [name] : []));
      this.needs.set(service.name, names);
      this.#addService(service.name);
      if (names.length === 0) return service;
      this.note(`${service.name} needs ${names.join(", ")}`);
      const isBad = this.#bad.size === 0 && !this.isObedient && chance.is(0.03);
      const path = `/etc/service/${service.name}/needs`;
      if (isBad) this.#bad.add(path);
      linux.addFile(path, isBad ? "nobody" : names.join("\n"));
      const closing = chance.is(0.1) ? [services[services.length - 1]?.name ?? ""] : []; // a cycle that came later
      if (closing.length > 0) this.hasCycle = true;
      return { ...service, needs: [...names, ...closing].join("\n") };
    });
  }

  /** Some services have restart rules, and some of these are tasks. Their own random numbers, too. */
  #withRules(services: readonly habit.FakeService[]): readonly habit.FakeService[] {
    const chance = new Chance(this.seed ^ 0x4e57);
    if (!chance.is(0.4)) return services;
    this.#allowMirror();
    return services.map((service) => {
      if (!chance.is(0.5)) return service;
      const lines = [
        chance.pick(["policy always", "policy on-failure", "policy never", "# as runit does"]),
        chance.pick(["", "delay 1", "delay 1 4", "delay 300"]),
        chance.pick(["", "give-up 1 60", "give-up 3 60", "give-up 100 1"]),
      ];
      const path = `/etc/service/${service.name}/restart`;
      if (!this.isObedient && chance.is(0.03)) {
        lines.push("delay soon");
        this.#bad.add(path);
      }
      this.#addService(service.name);
      this.linux.addFile(path, lines.join("\n"));
      this.restarts.set(service.name, lines.includes("policy never") || lines.includes("give-up 1 60"));
      this.note(`${service.name} has rules: ${lines.join("; ")}`);
      const parsed = parseRestart(wordLines(lines.join("\n")));
      if (parsed.kind !== "ok") return service;
      const rules = parsed.value;
      if (!chance.is(0.4)) return { ...service, rules };
      const code = chance.is(0.5) ? 0 : 3;
      this.note(`${service.name} is a task that ends with exit code ${code}`);
      return { ...service, rules, run: habit.exitsAfter(chance.whole(0, 1500), code) };
    });
  }

  /** Gives my_init what it needs for a mirror of /etc/service. */
  #allowMirror(): void {
    const { linux } = this;
    for (const path of ["/run", "/run/my_init"]) linux.addDirectory(path);
    linux.addProgram("/usr/sbin/my_init", habit.sleeps);
    linux.addLink("/proc/self/exe", "/usr/sbin/my_init");
  }

  #addService(name: string): void {
    this.linux.addDirectory(`/etc/service/${name}`);
    this.linux.addProgram(`/etc/service/${name}/run`, habit.sleeps);
  }

  #noted(note: string): FakeProgram {
    this.note(note);
    return () => {};
  }

  #addStranger(): void {
    const program = this.#chance.is(0.2) ? habit.startsMany(this.#chance.whole(5, 50)) : this.#server("stranger");
    this.linux.addStranger(program, ["/usr/bin/stranger"]);
  }

  #drawSignals(): void {
    const chance = this.#chance;
    for (let count = chance.pick([0, 0, 1, 1, 1, 2, 3]); count > 0; count--) {
      this.#signalAt(chance.pick(STOP_SIGNALS), chance.next() * chance.pick([5, 100, 1000, 4000, 20_000]));
    }
    for (let count = chance.whole(0, 2); count > 0; count--) {
      this.#signalAt(chance.pick(FORWARDED), chance.next() * 2000);
    }
    this.#signalAt(SIGTERM, 20_000 + chance.next() * 1000); // so that every container is stopped in the end
  }

  #signalAt(signal: number, ms: number): void {
    this.note(`signal ${signal} after ${ms.toFixed(2)} ms`);
    this.linux.after(ms, () => {
      if (STOP_SIGNALS.includes(signal)) this.#stop(signal);
      else this.linux.signalSelf(signal, 0);
    });
  }

  #stop(signal: number): void {
    this.stops.push({ signal, atMs: this.linux.nowMs });
    this.linux.signalSelf(signal, 0);
  }
}

function helped(self: FakeProcess): void {
  const helper = self.spawn(habit.endsOnTerm(0), ["cat"]);
  const { onEnd } = self;
  self.onEnd = () => {
    onEnd();
    self.linux.after(1, () => helper.exit(0)); // the end of its input
  };
}

function deafToTerm(self: FakeProcess): void {
  self.on(SIGTERM, () => {});
}
