// The lives that the build plays with the programs of the image, before it saves their heap: native/saved-heap/README.md.
// No binary contains this file.
import type { Linux } from "../../src/linux/linux.ts";
import { FakeLinux, Replaced } from "../support/fake-linux.ts";
import * as habit from "../support/fake-programs.ts";

const SIGTERM = 15;
const SIGWINCH = 28;

type Main = (linux: Linux) => number;
type Run = (linux: FakeLinux) => number;

/** Each ends as such a container or program does. */
const LIVES: Readonly<Record<string, (run: Run) => number>> = {
  "one command": oneCommand,
  "another user": otherUser,
  services: (run) => services(run, {}),
  "services, with LOG_PREFIX": (run) => services(run, { LOG_PREFIX: "yes" }),
};

/**
 * Plays all lives, and uses each method of `real` that they call: QuickJS makes a method when it is first used.
 *
 * @throws Error if a life ends in another way than it should
 */
export function rehearse(main: Main, real: Linux): void {
  for (const [name, play] of Object.entries(LIVES)) {
    const status = play((linux) => main(withMethodsOf(real, linux)));
    if (status !== 0) throw new Error(`the life "${name}" ended with status ${status}`);
  }
}

/** The same as `fake`; each call of a method looks at the method of this name in `real`. */
function withMethodsOf(real: Linux, fake: FakeLinux): Linux {
  const observed = Object.create(fake);
  for (const name of Object.getOwnPropertyNames(FakeLinux.prototype) as (keyof Linux)[]) {
    const method = fake[name];
    if (typeof method !== "function") continue;
    observed[name] = (...words: readonly unknown[]) =>
      real[name] !== undefined && (method as (...words: unknown[]) => unknown).apply(fake, [...words]);
  }
  return observed;
}

function container(words: readonly string[], variables: Readonly<Record<string, string>> = {}): FakeLinux {
  const given = { PATH: "/usr/sbin:/usr/bin", HOSTNAME: "box", HOME: "/root", ...variables };
  const environ = Object.entries(given).map(([name, value]) => `${name}=${value}`);
  const linux = new FakeLinux({ argv: words, environ });
  linux.addDirectory("/run");
  linux.addDirectory("/etc/container_environment", { mode: 0o700 });
  linux.addFile("/etc/container_environment/LANG", "C.UTF-8\n");
  linux.addFile("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
  linux.addFile("/etc/group", "root:x:0:\n");
  for (const step of ["my_init.d", "my_init.pre_shutdown.d", "my_init.post_shutdown.d"]) {
    linux.addDirectory(`/etc/${step}`);
  }
  linux.addProgram("/usr/bin/true", habit.exitsAfter(1));
  return linux;
}

function oneCommand(run: Run): number {
  return run(container(["my_init", "--skip-startup-files", "--skip-runit", "--quiet", "--", "true"]));
}

function otherUser(run: Run): number {
  try {
    run(container(["setuser", "root", "true"]));
  } catch (error) {
    if (error instanceof Replaced) return 0;
    throw error;
  }
  return 1;
}

/** The image's own life and more: scripts, a system log, services with all that they can have, a crash, and a stop. */
function services(run: Run, variables: Readonly<Record<string, string>>): number {
  const linux = container(["/sbin/my_init"], variables);
  for (const path of ["/dev", "/etc/service"]) linux.addDirectory(path);
  for (const type of ["sh", "json"]) linux.addFile(`/etc/container_environment.${type}`, ""); // as in the image
  linux.addFile("/proc/self/mountinfo", "21 20 0:20 / /dev rw - tmpfs tmpfs rw\n");
  linux.addProgram("/usr/sbin/my_init", habit.sleeps);
  linux.addLink("/proc/self/exe", "/usr/sbin/my_init");
  linux.addProgram("/etc/my_init.d/00_script", habit.exitsAfter(1));
  linux.addProgram("/etc/my_init.d/10_syslog-ng.init", habit.syslogd(1, 1));
  linux.addFile("/etc/my_init.post_shutdown.d/10_no-script", "");
  linux.addProgram("/etc/my_init.post_shutdown.d/20_script", habit.exitsAfter(1));
  linux.addProgram("/usr/lib/baseimage/log_lines", habit.collects);
  const started: habit.FakeService[] = [
    { name: "cron", run: habit.endsOnTerm(1) },
    { name: "app", run: habit.endsOnTerm(1), logMs: 1 },
    { name: "crashes", run: habit.exitsAfter(100, 1) },
  ];
  for (const name of ["sshd", ...started.map((service) => service.name)]) {
    linux.addDirectory(`/etc/service/${name}`);
    linux.addProgram(`/etc/service/${name}/run`, habit.sleeps);
  }
  linux.addFile("/etc/service/cron/needs-root", "");
  linux.addFile("/etc/service/sshd/down", "");
  linux.addProgram("/usr/bin/runsvdir", habit.runsvdir(started, { forkMs: 0.1, execMs: 0.5 }));
  linux.after(300, () => linux.signalSelf(SIGWINCH));
  linux.after(400, () => linux.signalSelf(SIGTERM));
  return run(linux);
}
