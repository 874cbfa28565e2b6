// What the processes of fake-linux.ts do: short programs, and runit as its man pages have it.
import type { RestartRules } from "../../src/container/restart.ts";
import type { RestartRecord } from "../../src/container/restart-record.ts";
import { type ChildEnd, childEnd } from "../../src/core/child-end.ts";
import { nextStart } from "../../src/image/service-finish/restart.ts";
import type { FakeProcess, FakeProgram } from "./fake-linux.ts";

const SIGTERM = 15;
const SIGCONT = 18;

/** Ends by itself; a TERM before that is the end too, as for most programs. */
export function exitsAfter(ms: number, code = 0): FakeProgram {
  return (self) => self.after(ms, () => self.exit(code));
}

/** Dies of a signal that it sends itself. */
export function diesAfter(ms: number, signal: number): FakeProgram {
  return (self) => self.after(ms, () => self.linux.endProcess(self, signal));
}

/** Runs on; TERM ends it immediately, with status 128 + 15 as in a shell. */
export const sleeps: FakeProgram = () => {};

/**
 * A shell script without `exec`: its child does the work. TERM ends the shell, and not the child.
 *
 * @param words of the child
 */
export function runsInFront(child: FakeProgram, words: readonly string[]): FakeProgram {
  return (self) => {
    self.spawn(child, words);
    self.onChildEnd = () => self.exit(0);
  };
}

/** The same with a `trap` for TERM: it runs only when the child has ended. */
export function trapsTerm(child: FakeProgram, words: readonly string[]): FakeProgram {
  return (self) => {
    self.argv = ["/bin/sh", ...self.argv];
    runsInFront(child, words)(self);
    self.on(SIGTERM, () => {});
  };
}

/** A supervisor that ignores TERM, as Debian's mysqld_safe does: it ends when its child has ended. */
export function deafSupervisor(child: FakeProgram, words: readonly string[]): FakeProgram {
  return together(ignoresTerm, runsInFront(child, words));
}

/** Starts its child again a second after its end, and ignores TERM. */
export function restartsForEver(child: FakeProgram, words: readonly string[]): FakeProgram {
  return (self) => {
    self.ignore(SIGTERM);
    self.spawn(child, words);
    self.onChildEnd = () => self.after(1000, () => self.spawn(child, words));
  };
}

/** Waits for its children without a signal to them: they finish their work, as with celery. */
export function lets(child: FakeProgram, words: readonly string[]): FakeProgram {
  return (self) => {
    runsInFront(child, words)(self);
    self.on(SIGTERM, () => {});
  };
}

/** Runs on, and ends `ms` after a TERM. */
export function endsOnTerm(ms: number, code = 0): FakeProgram {
  return endsOn(SIGTERM, ms, code);
}

/** Runs on, and ends `ms` after a signal. */
export function endsOn(signal: number, ms: number, code = 0): FakeProgram {
  return (self) => self.on(signal, () => self.after(ms, () => self.exit(code)));
}

/** Ignores TERM: only KILL ends it. */
export const ignoresTerm: FakeProgram = (self) => self.ignore(SIGTERM);

/** Stops itself, as by SIGSTOP: nothing but KILL reaches it until it is continued. */
export function stopsAfter(ms: number): FakeProgram {
  return (self) => self.after(ms, () => self.stop());
}

/** Leaves an orphaned grandchild in a session of its own, and goes on. */
export function daemonises(ms: number, daemon: FakeProgram): FakeProgram {
  return (self) =>
    self.after(ms, () => {
      const middle = self.spawn(() => {}, ["(daemonising)"], { session: true });
      middle.spawn(daemon, ["/usr/sbin/some-daemon"]);
      middle.exit(0);
    });
}

/** On TERM starts another process, in a session of its own, and ends: a TERM to all processes misses it. */
export function forksOnTerm(ms: number, heir: FakeProgram): FakeProgram {
  return (self) =>
    self.on(SIGTERM, () =>
      self.after(ms, () => {
        self.spawn(heir, ["/usr/bin/heir"], { session: true });
        self.exit(0);
      }),
    );
}

/** A short-lived child every `ms`, for half a minute: a new process for each pid that becomes free. */
export function startsMany(ms: number): FakeProgram {
  return (self) => {
    const start = () => {
      self.spawn(exitsAfter(ms * 2), ["/usr/bin/short"]);
      if (self.linux.nowMs < 30_000) self.after(ms, start);
    };
    start();
  };
}

/** Never reaps its children, so that they stay zombies until it ends. */
export const neverReaps: FakeProgram = (self) => {
  self.reaps = false;
};

/**
 * A system log daemon: listens after `ms` on /dev/log, and on a socket for its control program.
 *
 * @param busyMs how long it writes without a signal: until then it does not sleep
 * @param sockets 2, or more where it sends messages elsewhere too
 */
export function syslogd(ms: number, busyMs: number, sockets = 2): FakeProgram {
  return (self) => {
    self.isBusy = true;
    self.after(ms, () => {
      self.sockets = sockets;
      self.linux.addSocket("/dev/log");
    });
    self.after(ms + busyMs, () => {
      self.isBusy = false;
    });
    self.on(SIGTERM, () => self.after(100, () => self.exit(0)));
  };
}

/**
 * log_lines: copies the FIFOs of its directory to the container's outputs, unchanged, and ends when no process
 * is left that could write to them.
 */
export const collects: FakeProgram = (self) => {
  const directory = `${self.argv[2] ?? ""}/`;
  const look = () => {
    const fifos = [...self.linux.fifos].filter(([path]) => path.startsWith(directory));
    for (const [path, fifo] of fifos) {
      const sink = path.endsWith(".stdout") ? self.linux.stdout : self.linux.stderr;
      const text = fifo.take(Math.min(sink.room, fifo.text.length));
      sink.room -= text.length;
      sink.text += text;
      if (text !== "") self.wakeUps++;
      fifo.onLastWriter = () => {
        self.isBusy = true;
      };
    }
    if (fifos.some(([, fifo]) => fifo.text !== "" || fifo.writers > 0)) self.after(0.5, look);
    else self.exit(0);
  };
  self.ignore(SIGTERM);
  look();
};

/** Several habits in one program. */
export function together(...programs: readonly FakeProgram[]): FakeProgram {
  return (self) => {
    for (const program of programs) program(self);
  };
}

/** A directory below /etc/service. */
export interface FakeService {
  readonly name: string;
  readonly run: FakeProgram;
  readonly finish?: FakeProgram;
  /** Whether its finish script calls `sv down`: runsv stays then, also if it got TERM before. */
  readonly callsDown?: boolean;
  /** The log service ends by itself once its input ends: after this time. undefined: there is none. */
  readonly logMs?: number;
  /** Its file of that name. */
  readonly needs?: string;
  /** Its file `restart`. */
  readonly rules?: RestartRules;
  /** The signal that stops it, by its file of that name. */
  readonly stopSignal?: number;
  /** Its file of that name. */
  readonly stopTimeout?: string;
}

/** How long the steps of runsvdir take. */
export interface RunitTimes {
  readonly forkMs: number;
  readonly execMs: number;
}

const RUNSV = "/usr/bin/runsv";

/**
 * runsvdir: a runsv for each service. On TERM it ends and leaves its runsv processes as they are.
 *
 * @see runsvdir(8)
 */
export function runsvdir(services: readonly FakeService[], { forkMs, execMs }: RunitTimes): FakeProgram {
  return (self) => {
    if (!self.linux.files.has(RUNSV)) self.linux.addFile(RUNSV, "", { mode: 0o755 });
    const start = (service: FakeService) => {
      const fork = self.spawn(
        (child) => {
          child.name = "runsvdir";
          child.argv = self.argv;
          child.file = self.file;
          child.on(SIGTERM, () => {}); // a handler that sets a flag which is never read again
          child.after(execMs, () => child.become(runsv(service), ["runsv", service.name], RUNSV));
        },
        ["runsvdir"],
        { session: true },
      );
      owners.set(fork, service);
    };
    const owners = new Map<FakeProcess, FakeService>();
    self.onChildEnd = (child) => {
      const service = owners.get(child);
      if (service !== undefined) self.after(1000, () => start(service));
    };
    self.on(SIGTERM, () => self.exit(0));
    services.forEach((service, index) => {
      self.after(forkMs * (index + 1), () => start(service));
    });
  };
}

/** Values of the last byte of supervise/status. */
const DOWN = 0;
const RUN = 1;
const FINISH = 2;

/**
 * runsv: runs the service, then its finish script, and begins anew. On TERM, which is its control `x`, it
 * stops the service, gives the log service the end of its input, waits for it and ends.
 *
 * @see runsv(8), signals and control
 */
function runsv(service: FakeService): FakeProgram {
  return (self) => {
    let state = DOWN;
    let startedMs = 0;
    let changedMs = 0;
    let isExiting = false;
    let isAsleep = false;
    let next: RestartRecord | undefined;
    let main: FakeProcess | undefined;
    let log: FakeProcess | undefined;
    const enter = (next: number) => {
      state = next;
      if (next !== FINISH) changedMs = self.linux.realtimeMs();
      const seconds = Math.floor(changedMs / 1000) + 10;
      const time = [24, 16, 8, 0].map((shift) => String.fromCharCode((seconds >>> shift) & 0xff)).join("");
      const number = next === DOWN ? 0 : (main?.pid ?? 0);
      const pid = [0, 8, 16, 24].map((shift) => String.fromCharCode((number >>> shift) & 0xff)).join("");
      const status = `@\0\0\0${time}${"\0".repeat(4)}${pid}${"\0".repeat(3)}${String.fromCharCode(next)}`;
      self.publish("cwd/supervise/status", status);
    };
    const startLog = () => {
      log = self.spawn(ignoresTerm, ["svlogd", service.name], { session: true });
      self.publish("cwd/log/supervise/pid", `${log.pid}\n`);
    };
    const endLogInput = () => {
      const ending = log;
      ending?.after(service.logMs ?? 0, () => ending.exit(0));
    };
    const start = () => {
      if (next?.next === "done" || next?.next === "gave-up") return;
      startedMs = self.linux.nowMs;
      const words = [`./run ${service.name}`];
      const waits: FakeProgram = (process) => {
        process.after(next?.delayMs ?? 0, () => process.become(service.run, words, service.name));
      };
      main = self.spawn(next === undefined || next.delayMs === 0 ? service.run : waits, words, { session: true });
      enter(RUN);
    };
    /** What our finish program does. */
    const applyRules = (end: ChildEnd) => {
      if (service.rules === undefined || isExiting) return;
      const { nowMs } = self.linux;
      next = nextStart(service.rules, next, { last: end, ranMs: nowMs - startedMs, nowMs });
    };
    const stop = () => {
      if (state === RUN) {
        self.linux.after(0, () => main?.receive(service.stopSignal ?? SIGTERM));
        self.linux.after(0, () => main?.receive(SIGCONT));
      } else if (state === DOWN) {
        if (log === undefined) self.exit(0);
        else endLogInput();
      }
    };
    const isDown = () => {
      enter(DOWN);
      if (service.callsDown) isExiting = false;
      else if (isExiting) stop();
      else if (self.linux.nowMs - startedMs >= 1000) start();
      else {
        isAsleep = true; // control bytes that come meanwhile are noticed after the start
        self.after(1000, () => {
          isAsleep = false;
          start();
          if (isExiting) stop();
        });
      }
    };
    const exit = () => {
      if (isExiting) return;
      isExiting = true;
      if (!isAsleep) stop();
    };
    self.onChildEnd = (child) => {
      const isAsked = self.pending.includes(SIGTERM);
      if (isAsked && child === main) isExiting = true;
      else if (isAsked) exit();
      if (child === log) {
        log = undefined;
        if (!isExiting) self.after(1000, () => !isExiting && startLog());
        else if (state === DOWN && !isAsleep) self.exit(0);
      } else if (child === main) {
        if (state === RUN) applyRules(childEnd(child.status));
        if (state === FINISH || service.finish === undefined) isDown();
        else {
          main = self.spawn(service.finish, [`./finish ${service.name}`], { session: true });
          enter(FINISH);
        }
      }
    };
    self.on(SIGTERM, exit);
    self.onEnd = endLogInput;
    if (service.finish !== undefined) self.publish("cwd/finish", "");
    if (service.needs !== undefined) self.publish("cwd/needs", service.needs);
    if (service.stopSignal !== undefined) self.publish("cwd/stop-signal", `${service.stopSignal}`);
    if (service.stopTimeout !== undefined) self.publish("cwd/stop-timeout", service.stopTimeout);
    enter(DOWN);
    if (service.logMs !== undefined) startLog();
    start();
  };
}
