// boot_report. See docs/reference/boot_report.md
import assert from "node:assert/strict";
import { test } from "node:test";
import { run, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";

test("boot_report shows how long each step took: a table, JSON, a picture", async (t) => {
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
    /^ +[\d.]+ +(?:[4-9]\d\d|\d{4,})\.\d {2}\/etc\/my_init\.d\/50_slow\n(?:.*\n)* +[\d.]+ {2}boot\n$/m,
  );
  const svg = await container.sh("boot_report --svg");
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.match(svg, />\/etc\/my_init\.d\/50_slow </);
});

test("after a restart, boot_report --shutdown shows how long each service took to stop, and which processes were killed", async (t) => {
  const image = await imageWith(t, {
    "/etc/service/slow/run": "trap 'sleep 0.4; exit' TERM; while :; do sleep 0.01; done",
    "/etc/service/deaf/run": "trap '' TERM; while :; do sleep 0.1; done",
    "/etc/my_init.post_shutdown.d/10_bye": "sleep 0.2",
  });
  const container = await startContainer(t, { image, env: { SHUTDOWN_TIMEOUT: "9" } });
  const none = await container.exec(["boot_report", "--shutdown"]);
  assert.equal(none.status, 1);
  assert.match(
    none.stderr,
    /^boot_report: there is no record: this container has not been stopped and started again\n$/,
  );
  await container.until("container_health");
  await container.stop({ graceSeconds: 60 });
  const { stderr } = await container.logs();
  assert.match(stderr, /^\*\*\* The shutdown took \d\.\d s; longest: service deaf, \d\.\d s$/m);

  await run(["start", container.id]);
  const json = JSON.parse((await container.until("boot_report --shutdown --json")).trim());
  assert.equal(json.phase, "shutdown");
  const took = (name: string) => json.steps.find((step: { name: string }) => step.name === name)?.tookMs;
  assert.ok(took("service slow") >= 400, JSON.stringify(json));
  assert.ok(took("service deaf") > took("service slow"), JSON.stringify(json));
  assert.ok(took("/etc/my_init.post_shutdown.d/10_bye") >= 200, JSON.stringify(json));
  assert.ok(
    json.killed.some(({ step, who }: Record<string, string>) => step === "service deaf" && who?.includes("PID")),
  );
  assert.match(await container.sh("boot_report --shutdown --svg"), /class="killed"/);
  assert.equal(JSON.parse(await container.sh("boot_report --json")).phase, "boot");
  // A my_init beside the container's own has a shutdown, too.
  const before = await container.sh("boot_report --shutdown --json");
  await container.sh("my_init --skip-startup-files --skip-runit -- true");
  assert.equal(await container.sh("boot_report --shutdown --json"), before);
  // A record of another container, as in an image that was made from one; and a record of another user.
  for (const forge of [
    "sed -i 's/^host .*/host other/' /run/my_init/last_shutdown",
    "chown nobody /run/my_init/last_shutdown",
  ]) {
    await container.sh(forge);
    assert.equal((await container.exec(["boot_report", "--shutdown"])).status, 1, forge);
  }
});

test("boot_report prints why there is no record", async (t) => {
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
  assert.match(bad.stderr, /^boot_report: unknown option "--xml"\nusage: /);
});
