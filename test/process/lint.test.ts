// container_lint beside a boot of the same files. See docs/reference/container_lint.md
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeView, processRing, runInit, startInit } from "../support/process.ts";

const lasting = "exec sleep 1000";

describe("container_lint", processRing, () => {
  test("it says of services and scripts what the boot says", async (t) => {
    const view = await makeView(t);
    view.write("/etc/service/a/run", "#!/bin/sh\r\n", 0o755);
    view.write("/etc/service/b/finish", "#!/bin/bsh\n", 0o755);
    view.write("/etc/service/d\x1b\xff/log/run", "", 0o755);
    const init = await startInit(t, {
      view,
      files: {
        "/etc/service/c/run": "#!/bin/sh\n",
        "/etc/service/e": "",
        "/etc/my_init.d/plain": "#!/bin/sh\n",
        "/etc/container_environment/A=B": "",
      },
      scripts: { "/etc/service/b/run": lasting, "/etc/service/d\x1b\xff/run": lasting },
    });
    await init.waitFor(/log\/run": it is empty/);
    const said = [...init.output.matchAll(/^\*\*\* [^ ]+: cannot run "(.*)": (.*)$/gm)].map(
      ([, path, reason]) => `error: ${path}: ${reason}`,
    );
    assert.equal(said.length, 4, init.output);
    const found = (await init.exec("container_lint; true")).trim().split("\n");
    const [services, others] = [found.slice(0, 4), found.slice(4)];
    for (const [index, line] of services.entries()) assert.ok(line.startsWith(said[index] ?? "?"), line);
    assert.match(init.output, /^\*\*\* \/etc\/service\/e is no service: it is no directory$/m);
    assert.match(init.output, /^\*\*\* \/etc\/my_init.d\/plain is skipped: it is not executable$/m);
    const ignored = '"/etc/container_environment/A=B" is no variable: a variable\'s name cannot have an equals sign';
    assert.match(init.output, new RegExp(`^\\*\\*\\* ${ignored}$`, "m"));
    for (const [index, start] of [
      "warning: /etc/service/e: it is no directory; ",
      "warning: /etc/my_init.d/plain: it is not executable; ",
      `error: /etc/container_environment/A=B: ${ignored}; `,
    ].entries()) {
      assert.ok(others[index]?.startsWith(start), others.join("\n"));
    }
    assert.equal(others.length, 3, others.join("\n"));
  });

  test("a directory supervise is left over only if no runsv uses it", async (t) => {
    const init = await startInit(t, { scripts: { "/etc/service/web/run": lasting } });
    await init.waitFor("Runit started as PID");
    await init.exec("container_health --wait 20");
    assert.equal(await init.exec("container_lint"), "");
    const { status, stdout } = await runInit(t, {
      program: "container_lint",
      scripts: { "/etc/service/web/run": lasting },
      files: { "/etc/service/web/supervise/lock": "" },
    });
    assert.deepEqual([status, stdout], [0, "warning: /etc/service/web/supervise: no runsv uses it; delete it\n"]);
  });

  test("with a mistake in needs the boot says the first, and container_lint all", async (t) => {
    const ended = await runInit(t, {
      scripts: { "/etc/service/web/run": lasting },
      files: { "/etc/service/web/needs": "db\ncache 5\n" },
      args: ["--", "true"],
    });
    const { status, stdout } = await runInit(t, {
      program: "container_lint",
      scripts: { "/etc/service/web/run": lasting },
      files: { "/etc/service/web/needs": "db\ncache 5\n" },
    });
    const [first = "", second = "", ...more] = stdout.split("\n");
    assert.match(ended.stderr, /^\*\*\* services are not started: \/etc\/service\/web\/needs, line 1: /m);
    assert.ok(ended.stderr.includes(`*** services are not started: ${first.slice("error: ".length)}\n`), ended.stderr);
    assert.ok(second.startsWith("error: /etc/service/web/needs, line 2: "), second);
    assert.deepEqual([status, more], [1, [""]]);
  });
});
