// The examples of docs/services.md: together they are one image, and each works as the page says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Container, cleanUp, startContainer } from "../support/container.ts";
import { ownImage } from "../support/derived-image.ts";
import { codeBlocks, filesOf, indentedLines, section, tableRows } from "../support/page.ts";
import { patient } from "../support/patience.ts";
import { until } from "../support/until.ts";

const page = readFileSync("docs/services.md", "utf8");

/** The first two words of each service's line in the output of container_status. */
function states(lines: readonly string[]): string[] {
  const head = lines.findIndex((line) => line.startsWith("service "));
  return lines.slice(head + 1).flatMap((line) => /^\S+ +\S+/.exec(line)?.[0].replace(/ +/, " ") ?? []);
}

/** The PID of a service. */
function pid(container: Container, name: string): Promise<string> {
  return container.sh(`cat /etc/service/${name}/supervise/pid`);
}

test("the examples of docs/services.md", { timeout: 900_000 }, async (t) => {
  const files = Object.entries(filesOf(page)).map(([path, text]) => {
    assert.ok(path.startsWith("/etc/service/"), path);
    return [path.replace("/etc/", ""), text] as const;
  });
  assert.deepEqual(
    ["run", "check", "needs", "restart", "finish", "log/run", "control/h"].filter(
      (name) => !files.some(([path]) => path.endsWith(`/${name}`)),
    ),
    [],
    "these files have no example",
  );
  const image = await ownImage(t, codeBlocks(page, "Dockerfile").join(""), Object.fromEntries(files));
  const container = await startContainer(t, { image });
  await container.until("container_health");

  await t.test("a file for each row of the table of files, and no mistake", async () => {
    const rows = tableRows(section(page, "## A service in three lines"));
    const names = rows.flatMap(([cell = ""]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    assert.ok(names.length >= 11, names.join(" "));
    for (const name of names) await container.sh(`ls -d /etc/service/*/${name}`);
    const lint = await container.exec(["container_lint"]);
    assert.deepEqual([lint.status, lint.stdout], [0, ""]);
  });

  await t.test("`run`: the user, and the log", async () => {
    assert.equal(await container.sh("ps -o user= -C redis-server"), "redis\n");
    await container.sh("mkdir /var/www/html/closed; curl --silent http://127.0.0.1/closed/");
    await container.waitForLog('"GET /closed/ HTTP/1.1" 403');
    await container.waitForLog(/directory index of ".*closed\/" is forbidden/);
  });

  await t.test("`container_status` shows the services and states of the page", async () => {
    const real = (await container.sh("container_status")).split("\n");
    const shown = indentedLines(section(page, "## `container_status`: see what is up"));
    assert.deepEqual(states(shown), states(real));
    const columns = (lines: readonly string[]) => lines.find((line) => line.startsWith("service "))?.split(/ +/);
    assert.deepEqual(columns(shown), columns(real));
    assert.match(real[0] ?? "", /, healthy$/);
  });

  await t.test("a task, `needs`: the migration has run once, and the web server answers", async () => {
    assert.equal(await container.sh("redis-cli get schema"), "2\n");
    assert.equal((await container.logs()).stdout.match(/^OK$/gm)?.length, 1);
    await container.sh("curl --silent --fail http://127.0.0.1/");
  });

  await t.test("each command of sv", async (t) => {
    const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
      "sv status NAME": async () => assert.match(await container.sh("sv status web"), /^run: web: \(pid \d+\) \d+s/),
      "sv up NAME": () => container.sh("sv up monitor && sv start monitor"),
      "sv down NAME": () => container.sh("sv down monitor && sv stop monitor && sv status monitor | grep -q ^down:"),
      "sv once NAME": async () => {
        await container.sh("sv -w 7 once monitor && sv term monitor");
        await container.until("sv status monitor | grep -q '^down: monitor: [0-9]*s$'");
      },
      "sv restart NAME": async () => {
        const before = await pid(container, "web");
        await container.sh("sv restart web");
        assert.notEqual(await pid(container, "web"), before);
      },
      "sv -w 30 restart NAME": async () => {
        const before = await pid(container, "web");
        assert.match(await container.sh("sv -w 30 restart web"), /^ok: run: web: /);
        assert.notEqual(await pid(container, "web"), before);
      },
      "sv term NAME": () => isStartedAgain("sv term web", "web"),
      "sv kill NAME": () => isStartedAgain("sv kill db", "db"),
      "sv hup NAME": async () => {
        const before = await pid(container, "web");
        const server = "server { listen 127.0.0.1:81; return 200 after-hup; }";
        await container.sh(`echo '${server}' > /etc/nginx/conf.d/hup.conf`);
        await container.sh("sv hup web");
        await container.until("curl --silent http://127.0.0.1:81/ | grep -q after-hup");
        assert.equal(await pid(container, "web"), before);
      },
    };
    async function isStartedAgain(line: string, name: string): Promise<void> {
      const before = (await pid(container, name)).trim();
      await container.sh(line);
      await container.until(`! kill -0 ${before} 2> /dev/null && sv start ${name}`);
    }
    const rows = tableRows(section(page, "## `sv`: start and stop a service"));
    assert.deepEqual(rows.map(([cell = ""]) => cell.replaceAll("`", "")).sort(), Object.keys(verbs).sort());
    for (const [verb, isSo] of Object.entries(verbs)) await t.test(verb, async () => void (await isSo()));
  });

  await t.test("`finish` runs after each end", async () => {
    await container.until("container_health");
    const ends = async () => (await container.logs()).stdout.match(/^web ended: exit code 0, signal 0$/gm)?.length ?? 0;
    const before = await ends();
    await container.sh("sv restart web");
    await until(async () => (await ends()) > before, "the line of finish");
  });

  await t.test("`down`: the service runs only when it is asked for", async () => {
    await container.sh("sv up monitor");
    await container.until("redis-cli set asked-by-test 1 > /dev/null; sv check monitor");
    await container.waitForLog(/"set" "asked-by-test" "1"/);
    await container.sh("sv stop monitor");
  });

  await t.test("`log/run`: the lines of db are in its own file, and not in docker logs", async () => {
    await container.until("grep -q 'Ready to accept connections' /var/log/redis/current");
    assert.match(await container.sh("head -n 1 /var/log/redis/current"), /^\d{4}-\d\d-\d\d_\d\d:\d\d:\d\d\.\d+ /);
    assert.doesNotMatch((await container.logs()).stdout, /Ready to accept connections/);
  });

  await t.test("`control/h` runs in the place of HUP", async () => {
    const before = await pid(container, "db");
    await container.sh("sv hup db");
    await container.until("grep -q 'Background saving terminated with success' /var/log/redis/current");
    assert.equal(await pid(container, "db"), before);
  });

  await t.test("`restart`: web gives up after three ends, and `sv up` begins anew", async () => {
    await container.sh("echo nonsense > /etc/nginx/conf.d/nonsense.conf; sv term web");
    await container.waitForLog(/\*\*\* web ended .* is not started again: it ended 3 times within 60 s/);
    // The line comes from its finish program, which still runs.
    await container.until("container_status web | grep -q '^web  *gave up'");
    assert.match((await container.exec(["container_health"])).stdout, /^web: /m);
    await container.sh("rm /etc/nginx/conf.d/nonsense.conf; sv up web");
    await container.until("container_health");
  });

  await t.test("`stop-signal` and `stop-timeout`: QUIT lets nginx answer; KILL comes after five seconds", async (t) => {
    const stopped = await startContainer(t, { image, env: { SHUTDOWN_TIMEOUT: "60" } });
    await stopped.until("container_health");
    // Both requests lack their last line. The first gets it when nginx takes no more connections; the second never does.
    const ask = (name: string, wait: string) => `exec 3<> /dev/tcp/127.0.0.1/80
      printf 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' >&3; touch /tmp/${name}
      ${wait}; printf '\r\n' >&3; cat <&3`;
    const whileItListens = "while (: <> /dev/tcp/127.0.0.1/80) 2> /dev/null; do sleep 0.05; done";
    const first = stopped.exec(["bash", "-c", ask("first", whileItListens)]);
    const second = stopped.exec(["bash", "-c", ask("second", "sleep 1000")]);
    cleanUp(t, () => second);
    await stopped.until("[ -e /tmp/first ] && [ -e /tmp/second ]");
    const tookMs = await stopped.stop({ graceSeconds: 60 });
    assert.match((await first).stdout, /^HTTP\/1\.1 200 OK/);
    assert.ok(tookMs > 4500 && tookMs < patient(25_000), `${tookMs} ms`);
    assert.match((await stopped.logs()).stderr, /nginx.*service web\) did not shut down in time\. Forcing it to exit/);
    assert.equal(await stopped.exitCode(), 0);
  });

  await t.test("`essential`: the container ends when db is killed, but not when sv stops db", async () => {
    await container.sh("sv restart db");
    await container.until("container_health");
    await container.exec(["pkill", "-KILL", "redis-server"]); // the container may end before pkill does
    assert.equal(await container.waitForExit(), 137);
    assert.match((await container.logs()).stderr, /^\*\*\* the essential service db was killed by signal 9/m);
  });
});
