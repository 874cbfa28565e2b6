// boot_report. Spec section 5.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";

test("boot_report tells how long each step took: a table, JSON, a picture", async (t) => {
  const image = await imageWith(t, { "/etc/my_init.d/50_slow": "sleep 0.4" });
  const container = await startContainer(t, { image });
  await container.waitForLog("Runit started as PID");
  const json = JSON.parse((await container.until("boot_report --json 2> /dev/null")).trim());
  const names = json.steps.map(({ name }: { name: string }) => name);
  assert.deepEqual(
    names.filter((name: string) => !name.includes("00_regen")),
    ["environment", "system log", "/etc/my_init.d/50_slow", "services"],
  );
  const slow = json.steps[names.indexOf("/etc/my_init.d/50_slow")];
  assert.ok(slow.tookMs >= 400 && json.tookMs >= slow.startMs + slow.tookMs, JSON.stringify(json));
  assert.ok(Math.abs(Date.now() - json.beganMs) < 600_000);

  assert.match(
    await container.sh("boot_report"),
    /^ +[\d.]+ +4\d\d\.\d {2}\/etc\/my_init\.d\/50_slow\n(?:.*\n)* +[\d.]+ {2}boot\n$/m,
  );
  const svg = await container.sh("boot_report --svg");
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.match(svg, />\/etc\/my_init\.d\/50_slow </);
});

test("boot_report says why there is none", async (t) => {
  const image = await imageWith(t, { "/etc/my_init.d/50_slow": "boot_report; echo $? > /status; exit 0" });
  const container = await startContainer(t, { image });
  await container.waitForLog("Runit started as PID");
  const { stderr } = await container.logs();
  assert.match(stderr, /^boot_report: there is no record: the boot is not over/m);
  assert.equal(await container.sh("cat /status"), "1\n");
  const stranger = await container.exec(["boot_report"], { user: "nobody" });
  assert.equal(stranger.status, 1);
  assert.match(
    stranger.stderr,
    /^boot_report: cannot look into my_init \(PID 1\): .*\(E(ACCES|PERM)\); root and its own user may\n$/,
  );
  const bad = await container.exec(["boot_report", "--xml"]);
  assert.equal(bad.status, 2);
  assert.match(bad.stderr, /^boot_report: unknown word "--xml"\nusage: /);
});
