// Tested by src/image/container-lint/main.test.ts.
import { SIGNAL } from "../../core/signals.ts";
import { Children } from "../../linux/children.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import { SPAWN } from "../../linux/linux.ts";
import { Output } from "../../linux/output.ts";
import { STDERR } from "../../linux/program.ts";
import type { Check } from "./check.ts";
import { textOf } from "./files.ts";

/** A file without which a program is not used, and the words by which it tests its configuration. */
const TESTS = [
  ["/etc/my_init.d/10_syslog-ng.init", "/usr/sbin/syslog-ng", "--syntax-only"],
  // Like -t, but without host keys, which an image has not.
  ["/etc/service/sshd/run", "/usr/sbin/sshd", "-G"],
] as const;

const LIMIT_MS = 10_000;

/** What syslog-ng and sshd say of their configurations. */
export const configuration: Check = (linux, add) => {
  const children = new Children(linux);
  const loop = new EventLoop(linux, children, new Output(linux, STDERR), () => {});
  for (const [needed, file, option] of TESTS) {
    const fd = linux.memoryFile("output");
    const program = { file, argv: [file, option], environ: linux.environ, streams: { stdout: fd, stderr: fd } };
    const child = linux.access(needed, 0) < 0 ? 0 : children.spawn(program, SPAWN.session | SPAWN.noInput);
    if (typeof child === "number") continue; // not installed
    const deadlineMs = loop.nowMs + LIMIT_MS;
    const isDone = () => child.end !== undefined;
    if (!loop.waitUntil(isDone, () => deadlineMs)) linux.kill(child.pid, SIGNAL.SIGKILL);
    else if (child.end?.how === "exited" && child.end.code === 0) continue;
    const lines = textOf(linux, `/proc/self/fd/${fd}`).split("\n");
    const said = lines.find((line) => line.includes("/etc/")) ?? lines[0] ?? "";
    // Most name the file that has the mistake.
    const start = said.indexOf("/etc/");
    const path = start < 0 ? file : (said.slice(start).split(" ")[0]?.split(":")[0] ?? file);
    add("error", path, `${file} ${option} says "${said.trim()}"; correct the configuration`);
  }
};
