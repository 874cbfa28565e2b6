// Tested by src/image/container-lint/main.test.ts.
import { SIGNAL } from "../../core/signals.ts";
import { Children } from "../../linux/children.ts";
import { EventLoop } from "../../linux/event-loop.ts";
import { SPAWN } from "../../linux/linux.ts";
import { Output } from "../../linux/output.ts";
import { STDERR } from "../../linux/program.ts";
import type { Check } from "./check.ts";
import { textOf } from "./files.ts";

/** A file without which a program is not used, and the options by which it tests its configuration: the first it knows. */
const TESTS = [
  ["/etc/my_init.d/10_syslog-ng.init", "/usr/sbin/syslog-ng", ["--syntax-only"]],
  // -G is like -t, but without host keys, which an image has not. OpenSSH knows it from 9.3 on.
  ["/etc/service/sshd/run", "/usr/sbin/sshd", ["-G", "-t"]],
] as const;

const UNKNOWN = "unknown option -- ";

/** What `sshd -t` says in an image. It has read all of its configuration by then. */
const READ = ["no hostkeys available", "Missing privilege separation directory"];

const LIMIT_MS = 10_000;

/** What syslog-ng and sshd say of their configurations. */
export const configuration: Check = (linux, add) => {
  const children = new Children(linux);
  const loop = new EventLoop(linux, children, new Output(linux, STDERR), () => {});

  /** The lines that a program writes to say what is wrong; undefined: nothing is. */
  const complaint = (file: string, option: string): readonly string[] | undefined => {
    const fd = linux.memoryFile("output");
    const program = { file, argv: [file, option], environ: linux.environ, streams: { stdout: fd, stderr: fd } };
    const child = children.spawn(program, SPAWN.session | SPAWN.noInput);
    if (typeof child === "number") return undefined; // not installed
    const deadlineMs = loop.nowMs + LIMIT_MS;
    const isDone = () => child.end !== undefined;
    if (!loop.waitUntil(isDone, () => deadlineMs)) linux.kill(child.pid, SIGNAL.SIGKILL);
    else if (child.end?.how === "exited" && child.end.code === 0) return undefined;
    const lines = textOf(linux, `/proc/self/fd/${fd}`).split("\n");
    return lines.some((line) => READ.some((words) => line.includes(words))) ? undefined : lines;
  };

  for (const [needed, file, options] of TESTS) {
    if (linux.access(needed, 0) < 0) continue;
    for (const option of options) {
      const lines = complaint(file, option);
      if (lines?.[0]?.startsWith(UNKNOWN)) continue;
      if (lines !== undefined) {
        const said = lines.find((line) => line.includes("/etc/")) ?? lines[0] ?? "";
        // Most name the file that has the mistake.
        const start = said.indexOf("/etc/");
        const path = start < 0 ? file : (said.slice(start).split(" ")[0]?.split(":")[0] ?? file);
        add("error", path, `${file} ${option} says "${said.trim()}"; correct the configuration`);
      }
      break;
    }
  }
};
