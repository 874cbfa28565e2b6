// A second my_init in a container: docs/reference/anywhere.md.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { processRing, startInit } from "../support/process.ts";

describe("a second my_init", processRing, () => {
  const inPlace = { "/etc/service/web/run": "echo web is up; exec sleep 1000" };
  const refusal = "*** services are not started: another my_init runs them; for a command alone say --skip-runit\n";
  // A process may have started and not executed runsvdir yet; and a child of runsvdir has its name until it executes runsv.
  const count = "sh -c 'until pgrep -x runsv > /dev/null; do sleep 0.02; done; pgrep -c -x runsvdir'";

  test("by docker exec runs its command without services, and logs this in one line", async (t) => {
    const init = await startInit(t, { scripts: inPlace });
    await init.waitFor("web is up");
    assert.equal(await init.exec(`my_init --quiet -- ${count} 2>&1`), `${refusal}1\n`);
    assert.equal(await init.exec(`my_init --quiet --skip-runit -- ${count} 2>&1`), "1\n");
  });

  test("of another user, which cannot inspect the first one, starts no service either", async (t) => {
    const init = await startInit(t, { scripts: inPlace });
    await init.waitFor("web is up");
    const answer = await init.exec(`setuser nobody my_init --quiet --skip-startup-files -- ${count} 2>&1`);
    assert.ok(answer.startsWith(refusal) && answer.endsWith("\n1\n"), answer);
  });

  test("that starts during the boot of the first one leaves the services to it", async (t) => {
    const slow = "echo booting; until [ -e /go ]; do sleep 0.02; done";
    const init = await startInit(t, { scripts: { ...inPlace, "/etc/my_init.d/10_slow": slow } });
    await init.waitFor("booting");
    assert.equal(await init.exec("my_init --quiet --skip-startup-files -- echo ran 2>&1"), `${refusal}ran\n`);
    init.view.write("/go", "");
    await init.waitFor("web is up");
  });

  test("as the command of the first one, with or without a command of its own", async (t) => {
    const withCommand = await startInit(t, {
      scripts: inPlace,
      args: ["--quiet", "--", "my_init", "--quiet", "--", "sh", "-c", `${count}; exit 3`],
    });
    const { status, stderr, stdout } = await withCommand.ended();
    assert.equal(status, 3);
    assert.match(stdout, /^1$/m);
    assert.equal(stderr, refusal);

    const without = await startInit(t, { scripts: inPlace, args: ["my_init", "--quiet"] });
    await without.waitFor("services are not started");
    await without.waitFor("web is up");
    assert.equal(await without.exec(count), "1\n");
    without.signal("SIGTERM");
    assert.equal((await without.ended()).status, 0);
  });

  test("starts services if the first one runs with --skip-runit", async (t) => {
    const init = await startInit(t, { scripts: inPlace, args: ["--skip-runit", "--", "sleep", "1000"] });
    await init.waitFor("Running sleep 1000...");
    assert.match(await init.exec(`my_init --quiet -- ${count} 2>/dev/null`), /^1$/m);
  });

  test("leaves the services of a killed my_init alone as long as they are supervised", async (t) => {
    const init = await startInit(t, {
      scripts: inPlace,
      besides: { after: "inside 'my_init --quiet -- true'" },
    });
    await init.waitFor("web is up");
    init.signal("SIGKILL");
    await init.waitFor('services are not started: they run already, in "');
  });
});
