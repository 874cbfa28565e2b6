// Services that are broken in twelve ways: what the log, container_status and container_lint say of each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startContainer } from "../support/container.ts";

/** A broken service. */
interface Broken {
  readonly name: string;
  /** Lines of sh that make it, in its directory. */
  readonly made: string;
  /** Lines of sh that break it after the boot, which they would prevent. */
  readonly brokenLater?: string;
  /** The one line of the log, after `*** NAME`. */
  readonly log: RegExp;
  /** A line of container_status, after the name. */
  readonly status: RegExp;
  /** The one line of container_lint, after the service's directory; undefined: only a start shows that it is broken. */
  readonly lint: RegExp | undefined;
}

const CR_LF = "its first line ends as on Windows \\(CR LF\\); save it with Unix line ends \\(ENOENT\\)";
const NO_SHEBANG = "it is no program, and its first line does not begin with #! \\(ENOEXEC\\)";
const NO_INTERPRETER = 'no such interpreter "/bin/bsh" \\(ENOENT\\)';
const NOT_EXECUTABLE = "no permission; make it executable with chmod \\+x \\(EACCES\\)";
const NO_FILE = "no such file or directory \\(ENOENT\\)";
const NOT_IN_FOREGROUND = "a service has to stay in the foreground; most daemons have an option for that";
const BAD_LIMIT = '"soon" is no limit in whole seconds, 1 or more; write NAME or NAME SECONDS';
const BAD_RULE =
  '"often" is no rule; write policy always\\|on-failure\\|never, delay SECONDS \\[SECONDS\\] or give-up ENDS SECONDS';

/** Lines of sh that make the program `run`. */
const run = (line: string) => `printf '#!/bin/sh\\n%s\\n' '${line}' > run; chmod +x run`;
const LASTS = run("exec sleep 1000");

/** A service whose program cannot be run. */
function unrunnable(name: string, made: string, reason: string, program = "run"): Broken {
  const fault = new RegExp(`^: cannot run "/etc/service/${name}/${program}": ${reason}$`);
  return { name, made, log: fault, status: fault, lint: new RegExp(`^/${program}: ${reason}(?:;|$)`) };
}

/** A service that has a mistake in a file with rules since a moment after the boot. */
function unruly(name: string, file: string, [good, bad]: readonly [string, string], reason: string): Broken {
  const fault = new RegExp(`^: /etc/service/${name}/${file}, line 1: ${reason}$`);
  const put = (line: string) => `echo '${line}' > ${file}`;
  const lint = new RegExp(`^/${file}, line 1: ${reason}$`);
  return { name, made: `${LASTS}; ${put(good)}`, brokenLater: put(bad), log: fault, status: fault, lint };
}

const BROKEN: readonly Broken[] = [
  {
    name: "status",
    made: run("exit 3"),
    log: /^ ended with exit code 3 after \d+\.\d s$/,
    status: /^ .* ended with exit code 3, \d+ s ago$/,
    lint: undefined,
  },
  {
    name: "segv",
    made: run("ulimit -c 0; kill -SEGV $$"),
    log: /^ was killed by SIGSEGV after \d+\.\d s$/,
    status: /^ .* was killed by SIGSEGV, \d+ s ago$/,
    lint: undefined,
  },
  {
    name: "oom",
    made: run("exec tail /dev/zero"), // keeps all that it reads
    log: /^ was killed by SIGKILL \(out of memory\) after \d+\.\d s$/,
    status: /^ .* was killed by SIGKILL \(out of memory\), \d+ s ago$/,
    lint: undefined,
  },
  {
    name: "daemon",
    made: run("setsid sleep 1000 &"),
    log: new RegExp(
      `^ ended with exit code 0 soon after its start, 5 times in a row, and has left \\d processes in the background: ${NOT_IN_FOREGROUND}$`,
    ),
    status: new RegExp(`^: ended with exit code 0 soon after its start, \\d+ times in a row: ${NOT_IN_FOREGROUND}$`),
    lint: undefined,
  },
  unrunnable("windows", "printf '#!/bin/sh\\r\\n' > run; chmod +x run", CR_LF),
  unrunnable("no-shebang", "echo 'exec sleep 1000' > run; chmod +x run", NO_SHEBANG),
  unrunnable("no-interpreter", "echo '#!/bin/bsh' > run; chmod +x run", NO_INTERPRETER),
  unrunnable("not-executable", "echo '#!/bin/sh' > run", NOT_EXECUTABLE),
  unrunnable("no-run", ":", NO_FILE),
  unrunnable("windows-check", `${LASTS}; printf '#!/bin/sh\\r\\n' > check; chmod +x check`, CR_LF, "check"),
  unruly("needs", "needs", ["cron", "cron soon"], BAD_LIMIT),
  unruly("restart", "restart", ["delay 1", "often"], BAD_RULE),
];

/** Lines of sh that are true when a service has ended several times. Each end could have had a line. */
const hasEnded = (name: string) => `[ "$(cut -d ' ' -f 1 /etc/service/${name}/supervise/ends)" -ge 7 ]`;

/** The lines of a text that begin so, without these words. */
function linesAfter(text: string, begin: string): string[] {
  const isRest = (line: string) => line.startsWith(begin) && " :/".includes(line.charAt(begin.length));
  return text.split("\n").flatMap((line) => (isRest(line) ? [line.slice(begin.length)] : []));
}

test("the log has the cause of each broken service once, container_status shows it, and container_lint if it can", async (t) => {
  const made = BROKEN.map(({ name, made }) => `mkdir /etc/service/${name}; cd /etc/service/${name}; ${made}`);
  const container = await startContainer(t, {
    args: ["--memory", "64m"],
    command: ["sh", "-c", [...made, "exec /sbin/my_init"].join("\n")],
  });
  for (const { brokenLater, name } of BROKEN) {
    if (brokenLater === undefined) continue;
    await container.until(`container_status ${name} | grep -q '^${name} *up'`);
    await container.sh(`cd /etc/service/${name}; ${brokenLater}; sv term ${name}`);
  }
  const ending = BROKEN.map(({ name }) => name).filter((name) => name !== "windows-check");
  await container.until(ending.map(hasEnded).join(" && "), { withinMs: 110_000 });
  const status = await container.sh("container_status");
  const lint = (await container.exec(["container_lint"])).stdout;
  const log = (await container.logs()).stderr;
  const all = `log:\n${log}\ncontainer_status:\n${status}\ncontainer_lint:\n${lint}`;
  // runsv may have failed once before my_init saw the mistake.
  const logged = log.split("\n");
  const often = logged.filter((line) => logged.filter((other) => other === line).length > 2);
  assert.deepEqual(often, [], `lines that come again and again; ${all}`);
  for (const row of BROKEN) {
    const count = (text: string, begin: string, pattern: RegExp) =>
      linesAfter(text, begin + row.name).filter((line) => pattern.test(line)).length;
    assert.equal(count(log, "*** ", row.log), 1, `${row.name} in the log; ${all}`);
    assert.equal(count(status, "", row.status), 1, `${row.name} in container_status; ${all}`);
    const lintCount = row.lint === undefined ? 0 : 1;
    assert.equal(
      count(lint, "error: /etc/service/", row.lint ?? /^/),
      lintCount,
      `${row.name} in container_lint; ${all}`,
    );
  }
});
