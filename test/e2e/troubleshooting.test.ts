// docs/troubleshooting.md: each line that the page shows is what a real container shows, and the answers help.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { type Container, cleanUp, run, runContainer, startContainer } from "../support/container.ts";
import { imageWith } from "../support/derived-image.ts";
import { indentedLines, tableRows } from "../support/page.ts";

const page = readFileSync("docs/troubleshooting.md", "utf8");

/** The rows of the page's tables below a heading of the second level. Each has to be tried. */
class Rows {
  readonly #rows: readonly string[][];
  readonly #tried = new Set<string[]>();

  constructor(heading: string) {
    const start = page.indexOf(`\n## ${heading}\n`);
    assert.ok(start >= 0, heading);
    const end = page.indexOf("\n## ", start + 1);
    this.#rows = tableRows(page.slice(start, end < 0 ? undefined : end));
  }

  /**
   * Asserts that the code in the first cell of a row was seen; numbers may be others.
   *
   * @param sign a part of the cell
   * @param names what the test calls otherwise than the page
   * @returns the code in the last cell: what to do
   */
  seen(sign: string, output: string, names: Readonly<Record<string, string>> = {}): string[] {
    const found = this.#rows.filter(([cell = ""]) => cell.includes(sign));
    assert.equal(found.length, 1, `rows with ${sign}`);
    const [row = []] = found;
    this.#tried.add(row);
    const renamed = (text: string) =>
      Object.entries(names).reduce((each, [page, test]) => each.replaceAll(page, test), text);
    for (const code of codeIn(row[0])) {
      if (/^(?:sv|docker) /.test(code)) continue; // the command that shows the line
      const wanted = renamed(code).replace(/\d+/g, "N");
      assert.ok(output.replace(/\d+/g, "N").includes(wanted), `not there: ${renamed(code)}\n${output}`);
    }
    return codeIn(row[2]).map(renamed);
  }

  /** Asserts that each row was tried. */
  done(): void {
    const left = this.#rows.filter((row) => !this.#tried.has(row)).map(([cell]) => cell);
    assert.deepEqual(left, [], "nobody has tried these rows");
  }
}

function codeIn(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replaceAll("\\|", "|"));
}

/** Lines of `sh` that make a service. @param run its script, in lines of `sh` */
function service(name: string, run: string, more = ""): string {
  return `mkdir /etc/service/${name}; cd /etc/service/${name}
cat > run << 'RUN'
#!/bin/sh
${run}
RUN
chmod +x run; ${more}
`;
}

async function output(container: Container): Promise<string> {
  const { stdout, stderr } = await container.logs();
  return stdout + stderr;
}

/** What a command of the page prints, called in a container. */
async function told(container: Container, line: string): Promise<string> {
  const { stdout, stderr } = await container.exec(["sh", "-c", line]);
  return stdout + stderr;
}

test("docs/troubleshooting.md", { concurrency: true, timeout: 900_000 }, async (t) => {
  // What is wrong with a container is made by a startup script that runs before all others.
  const name = await imageWith(t, { "/etc/my_init.d/00_a_setup": 'eval "$SETUP"' });
  const start = (t: TestContext, setup: string, args: readonly string[] = [], env = {}) =>
    startContainer(t, { image: name, args, env: { SETUP: setup, ...env } });
  const sections: Promise<void>[] = [];
  const section = (title: string, act: (t: TestContext) => Promise<void>) => void sections.push(t.test(title, act));

  section("it does not start", async (t) => {
    const rows = new Rows("It does not start");
    const ended = async (setup: string, command = ["my_init"]) => {
      const { stdout, stderr } = await runContainer(t, { image: name, env: { SETUP: setup }, command });
      return stdout + stderr;
    };

    const [orTrue = ""] = rows.seen("failed with status", await ended("sh -c 'exit 3'"), {
      "50_migrate": "00_a_setup",
    });
    assert.match(await ended(`sh -c 'exit 3' ${orTrue}`, ["my_init", "echo", "booted"]), /^booted$/m);
    rows.seen("/needs, line 1", await ended(service("web", "exec sleep 1000", "echo dbx > needs")));
    rows.seen("the essential service", await ended(service("web", "exit 3", "touch essential")));
    rows.seen("nosuch", await ended("", ["my_init", "nosuch"]));

    const container = await start(
      t,
      [
        service("crlf", "exec sleep 1001", "sed -i 's/$/\\r/' run"),
        service("mode", "exec sleep 1002", "chmod -x run"),
        service("lacking", "exec webserver"),
        service("web", "exec sleep 1003", "echo db > needs"),
        service("db", "exec sleep 1004", "printf '#!/bin/sh\\n[ -e /tmp/ready ]' > check; chmod +x check"),
        service("idle", "exec sleep 1005", "touch down"),
      ].join(""),
    );
    await container.waitForLog("*** web: waits for db");
    const log = await output(container);
    const columns = (lines: readonly string[]) => lines.slice(-3).map((line) => line.replace(/[ \d]+/g, " "));
    const shown = indentedLines(page.slice(0, page.indexOf("\n## It does not start")));
    const status = (await container.sh("container_status db web")).trimEnd().split("\n");
    assert.deepEqual(columns(shown), columns(status));

    const [unix = ""] = rows.seen("CR LF", log, { web: "crlf" });
    await container.sh(`cd /etc/service/crlf; ${unix}`);
    await container.until("pgrep -f '^sleep 1001'");
    const [chmod = ""] = rows.seen("EACCES", log, { web: "mode" });
    await container.sh(`cd /etc/service/mode; ${chmod}`);
    await container.until("pgrep -f '^sleep 1002'");
    await container.waitForLog(/^\.\/run: 2: exec: webserver: not found$/m); // not in pieces between other lines
    rows.seen("exec: webserver", await output(container));
    const webserver = "#!/bin/sh\\nexec sleep 1006\\n";
    await container.sh(`printf '${webserver}' > /usr/local/bin/webserver; chmod +x /usr/local/bin/webserver`);
    await container.until("pgrep -f '^sleep 1006'");

    const check = rows.seen("waits for db", log).find((code) => code.startsWith("docker exec ")) ?? "";
    const [, directory = "", file = ""] = /^docker exec -w (\S+) CONTAINER (\S+)$/.exec(check) ?? [];
    assert.equal((await container.exec(["sh", "-c", `cd ${directory} && ${file}`])).status, 1, check);
    await container.sh("touch /tmp/ready");
    await container.until("pgrep -f '^sleep 1003'");

    const [up = ""] = rows.seen("down: web", await told(container, "sv status idle"), { web: "idle" });
    await container.sh(up);
    await container.until("pgrep -f '^sleep 1005'");
    rows.seen("unable to change", await told(container, "sv status absent"), { web: "absent" });
    rows.done();
  });

  section("it starts again and again", async (t) => {
    const rows = new Rows("It starts again and again");
    const container = await start(
      t,
      [
        service("failing", "sleep 0.1; exit 3"),
        service("daemon", "setsid sleep 1001 & exit 0"),
        service("first", "exec /usr/sbin/sshd -D -e -p 80", "mkdir -p /run/sshd; ssh-keygen -A"),
        service("web", "exec /usr/sbin/sshd -D -e -p 80"),
        service("limited", "exit 3", "echo 'give-up 3 60' > restart"),
      ].join(""),
    );
    await container.waitForLog(/5 times in a row/);
    await container.waitForLog(/Address already in use/);
    const log = await output(container);

    const byHand = rows.seen("with exit code 3 after 0.1 s`", log, { web: "failing" })[0] ?? "";
    const [, line = ""] = /^docker exec -it CONTAINER sh -c '(.*)'$/.exec(byHand) ?? [];
    assert.equal((await container.exec(["sh", "-c", line])).status, 3, byHand);
    rows.seen("5 times in a row", log, { web: "daemon" });
    const [fuser = "", kill = ""] = rows.seen("already in use", log);
    assert.match(await told(container, fuser.replace("docker exec CONTAINER ", "")), /^80\/tcp: +root .* sshd$/m);
    const holder = (await container.sh("fuser 80/tcp 2> /dev/null")).trim().split(/ +/)[0];
    await container.sh(`kill -0 ${holder}; ${kill}`);
    await container.until(`! kill -0 ${holder} 2> /dev/null`);

    const small = await start(t, service("web", "exec tail /dev/zero"), ["--memory", "64m", "--memory-swap", "64m"]);
    await small.waitForLog("(out of memory)");
    rows.seen("out of memory", await output(small));

    const changing = service("web", "exec setuser nobody sleep 1003");
    const confined = await start(t, changing, ["--cap-drop", "ALL"]);
    await confined.waitForLog("setuser: cannot set the groups");
    const [setuser = ""] = rows.seen("cannot set the groups", await output(confined), { app: "nobody" });
    await confined.sh(`sed -i 's/${setuser} //' /etc/service/web/run`);
    await confined.until("pgrep -f '^sleep 1003'");

    await container.waitForLog("is not started again");
    const [up = ""] = rows.seen("is not started again", await output(container), { web: "limited" });
    await container.sh("printf '#!/bin/sh\\nexec sleep 1002\\n' > /etc/service/limited/run");
    await container.sh(up);
    await container.until("pgrep -f '^sleep 1002'");
    rows.done();
  });

  section("no logs", async (t) => {
    const rows = new Rows("No logs");
    const container = await start(
      t,
      [
        service("file", "echo started >> /var/log/web/web.log; exec sleep 1000", "mkdir /var/log/web"),
        service("web", "echo for the log; exec sleep 1000"),
        service("web/log", "exec svlogd /var/log/web-lines", "mkdir /var/log/web-lines"),
        service("quiet", "exec sed 's/^/it is /' <> /tmp/first", "mkfifo /tmp/first"),
        service("open", "exec stdbuf -oL sed 's/^/it is /' <> /tmp/second", "mkfifo /tmp/second"),
      ].join(""),
    );
    await container.until("sv check file web quiet open && [ -s /var/log/web/web.log ]");
    const find = codeIn(page.split("\n").find((line) => line.includes("-mmin")))[1] ?? "";
    const [link = ""] = rows.seen("-mmin", await told(container, find.replace("docker exec CONTAINER ", "")));
    await container.sh(`${link.replace("RUN ", "")}; sv restart file`);
    await container.waitForLog(/^started$/m);

    rows.seen("run: log:", await told(container, "sv status web"));
    await container.until("grep -q 'for the log' /var/log/web-lines/current");
    assert.doesNotMatch(await output(container), /for the log/);

    await container.sh("echo banana > /tmp/first; echo cherry > /tmp/second");
    await container.waitForLog("it is cherry");
    assert.doesNotMatch(await output(container), /banana/);
    assert.ok(rows.seen("many lines at once", "").some((code) => code.startsWith("exec stdbuf -oL ")));

    const elsewhere = await start(t, "", ["--log-driver", "none"]);
    const [driver = ""] = rows.seen("logging driver", (await run(["logs", elsewhere.id])).stderr);
    assert.match(driver, /^docker run --log-driver json-file$/);
    const here = await start(t, "echo here", ["--log-driver", "json-file"]);
    await here.waitForLog(/^here$/m);
    rows.done();
  });

  section("it stops slowly", async (t) => {
    const rows = new Rows("It stops slowly");
    const deaf = service("web", "trap '' TERM\ntouch /tmp/up\nwhile :; do sleep 0.1; done");
    const container = await start(t, deaf, [], { SHUTDOWN_TIMEOUT: "3" });
    const killed = await start(t, deaf, [], { SHUTDOWN_TIMEOUT: "30" });
    await killed.until("[ -e /tmp/up ]");
    await killed.stop({ graceSeconds: 1 });
    assert.equal(await killed.exitCode(), 137);
    const lastLine = (await output(killed)).trimEnd().split("\n").at(-1) ?? "";
    rows.seen("the exit status 137", lastLine);

    await container.until("[ -e /tmp/up ]");
    await container.stop({ graceSeconds: 60 });
    assert.equal(await container.exitCode(), 0);
    rows.seen("did not shut down in time", await output(container));
    const answer = rows.seen("The shutdown took", await output(container));
    await run(["start", container.id]);
    await container.until("pgrep runsvdir");
    const report = answer.find((code) => code.includes("boot_report"))?.replace("docker exec CONTAINER ", "") ?? "";
    assert.match(
      await told(container, report),
      /service web\n[^]*^killed: \/bin\/sh \.\/run \(PID \d+\), service web$/m,
    );
    rows.done();
  });

  section("cron does not run a job", async (t) => {
    const rows = new Rows("cron does not run a job");
    const job = "* * * * * root true";
    const container = await start(
      t,
      `cd /etc/cron.d; echo '${job}' > job.sh; printf '${job}' > newline; echo '* * * * * echo hello' > user
echo '${job}' > mode; chmod 666 mode; printf '#!/bin/sh\\n' > ../cron.daily/backup
printf '#!/bin/sh\\necho my tool has run\\n' > /usr/local/bin/my-tool; chmod +x /usr/local/bin/my-tool
echo '@reboot root my-tool' > path; printf '%s\\n' PATH=/usr/local/bin:/usr/bin:/bin '@reboot root my-tool' > path2`,
    );
    await container.waitForLog("my-tool: not found");
    await container.waitForLog("my tool has run");
    const answer = rows.seen("my-tool", await output(container));
    assert.ok(answer.includes("PATH=/usr/local/bin:/usr/bin:/bin"));

    const lint = await told(container, "container_lint");
    const [move = ""] = rows.seen("job.sh", lint);
    const [echo = ""] = rows.seen("no newline", lint, { job: "newline" });
    const [line = ""] = rows.seen("is no user", lint, { "/job": "/user" });
    const [narrow = ""] = rows.seen("may write", lint, { job: "mode" });
    const [chmod = ""] = rows.seen("/etc/cron.daily", lint);
    await container.sh(
      `cd /etc/cron.d; ${move}; ${echo}; ${narrow}; echo '${line}' > user; cd ../cron.daily; ${chmod}`,
    );
    assert.equal(await told(container, "container_lint"), "");

    const user = await start(t, "", ["--user", "1000"]);
    await user.waitForLog("Runit started");
    rows.seen("left out", await output(user));
    rows.done();
  });

  section("permission denied on a volume", async (t) => {
    const rows = new Rows("Permission denied on a volume");
    const writer = `exec setuser nobody sh -c 'echo text > /data/file && exec sleep 1000'`;
    const container = await start(t, service("web", writer), ["--volume", "/data"]);
    await container.waitForLog("Permission denied");
    const answer = rows.seen("cannot create", await output(container));
    const chown = answer.find((code) => code.startsWith("chown ")) ?? "";
    await container.sh(chown.replace("app", "nobody"));
    await container.until("[ -e /data/file ]");

    const volume = `baseimage-test-trouble-${process.pid}`;
    cleanUp(t, () => run(["volume", "rm", "--force", volume]));
    const touch = async (mount: string, user: string) => {
      const args = ["--volume", `${volume}:${mount}`, "--user", user];
      return runContainer(t, { image: name, args, command: ["touch", "/data/file"] });
    };
    const [once = ""] = rows.seen("uid 1000", (await touch("/data", "1000")).stderr);
    const words = once
      .replace("docker ", "")
      .replace("data:/data", `${volume}:/data`)
      .replace("IMAGE", name)
      .split(" ");
    assert.equal((await run(words)).status, 0, once);
    assert.equal((await touch("/data", "1000")).status, 0);
    rows.seen("Read-only", (await touch("/data:ro", "0")).stderr);
    rows.done();
  });

  section("ssh refuses me", async (t) => {
    const rows = new Rows("ssh refuses me");
    const container = await start(t, "");
    await container.until("container_health");
    await container.sh("cd /root; for key in insecure_key other_key; do ssh-keygen -q -t ed25519 -N '' -f $key; done");
    const login = (key = "insecure_key") =>
      told(
        container,
        `cd /root; ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -i ${key} root@127.0.0.1 echo welcome`,
      );

    const refused = (await login()) + (await told(container, "sv status sshd"));
    const up = rows.seen("Connection refused", refused).at(-1) ?? "";
    await container.sh(`mkdir -m 700 /root/.ssh; cp /root/insecure_key.pub /root/.ssh/authorized_keys; ${up}`);
    await container.until("ssh-keyscan 127.0.0.1 2> /dev/null | grep -q ssh-");
    assert.match(await login(), /^welcome$/m);

    await container.sh("chmod 666 /root/.ssh/authorized_keys");
    const refusal = await login();
    await container.waitForLog("bad ownership or modes");
    const mode = rows.seen("bad ownership", refusal + (await output(container)));
    await container.sh(mode.join("; "));
    assert.match(await login(), /^welcome$/m);

    const foreign = await login("other_key");
    await container.waitForLog(/Connection closed by authenticating user/);
    rows.seen("shows only", foreign + (await output(container)));
    await container.sh("cat /root/other_key.pub >> /root/.ssh/authorized_keys");
    assert.match(await login("other_key"), /^welcome$/m);

    await container.sh("chmod 644 /root/insecure_key");
    const [narrow = ""] = rows.seen("are too open", await login());
    await container.sh(`cd /root; ${narrow}`);
    assert.match(await login(), /^welcome$/m);

    await container.sh("rm /etc/ssh/ssh_host_*; /etc/my_init.d/00_regen_ssh_host_keys.sh; sv restart sshd");
    await container.until("ssh-keyscan 127.0.0.1 2> /dev/null | grep -q ssh-");
    const [remove = ""] = rows.seen("HAS CHANGED", await login());
    await container.sh(remove.replace("ADDRESS", "127.0.0.1"));
    assert.match(await login(), /^welcome$/m);
    rows.done();
  });

  await Promise.all(sections);
});
