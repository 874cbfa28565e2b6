// The examples: each is built as its page describes, and works as described.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { composeProject, withCompose } from "../support/compose.ts";
import {
  buildDirectory,
  type Container,
  cleanUp,
  image,
  run,
  runContainer,
  startContainer,
  untilLine,
} from "../support/container.ts";
import { ask } from "../support/load.ts";

/** Builds the example of this name. */
function built(t: TestContext, name: string): Promise<string> {
  return buildDirectory(t, `examples/${name}`, ["--build-arg", `BASEIMAGE=${image}`]);
}

/** The output of a program in another container, which shares only the network with this one. */
async function beside(t: TestContext, container: Container, line: string): Promise<string> {
  const args = ["--network", `container:${container.id}`];
  const outcome = await runContainer(t, { args, command: ["bash", "-c", line] });
  assert.equal(outcome.status, 0, `${line}\n${outcome.stderr}`);
  return outcome.stdout;
}

/** Waits until the address answers. @returns the answer */
function fetched(t: TestContext, container: Container, address: string): Promise<string> {
  return beside(t, container, untilLine(`curl --silent --fail ${address}`));
}

/** Between the beginning of a stop and its end the test itself has something to do, which takes a busy machine seconds. */
const unhurried = { SHUTDOWN_TIMEOUT: "60" };

/**
 * Stops the container during a request, and returns the answer to the request.
 *
 * @param sign in the log once the container has the request
 */
async function stoppedWhileAsked(t: TestContext, container: Container, address: string, sign: string): Promise<string> {
  const answer = beside(t, container, `curl --silent --show-error --fail ${address}`);
  await container.waitForLog(sign);
  const stopped = container.stop({ graceSeconds: 60 });
  await container.waitForLog("Shutting down runit");
  await container.sh("touch /tmp/stopping");
  await stopped;
  assert.equal(await container.exitCode(), 0);
  return answer;
}

describe("examples", { concurrency: true }, () => {
  test("memcached", async (t) => {
    const container = await startContainer(t, { image: await built(t, "memcached") });
    const ask = `{ ${untilLine("exec 3<> /dev/tcp/127.0.0.1/11211")}; } 2> /dev/null
      printf 'set key 0 0 5\\r\\nvalue\\r\\nget key\\r\\nquit\\r\\n' >&3; cat <&3`;
    const answer = "STORED\r\nVALUE key 0 5\r\nvalue\r\nEND\r\n";

    await t.test("keeps a value, as its own user", async () => {
      assert.equal(await beside(t, container, ask), answer);
      assert.equal(await container.sh("ps -o user= -C memcached"), "memcache\n");
    });
    await t.test("is started again when it was killed", async () => {
      await container.sh("pkill -KILL memcached");
      assert.equal(await beside(t, container, ask), answer);
    });
    await t.test("stops in order", async () => {
      await container.stop();
      assert.equal(await container.exitCode(), 0);
    });
  });

  test("nginx", async (t) => {
    const env = { APP_NAME: "the test", ...unhurried };
    const container = await startContainer(t, { image: await built(t, "nginx"), env });

    await t.test("serves the app's answer, also after either process was killed", async () => {
      assert.equal(await fetched(t, container, "http://localhost/"), "Hello from the test\n");
      assert.equal(await container.sh("ps -o user= -C gunicorn | sort -u"), "app\n");
      for (const name of ["gunicorn", "nginx"]) {
        await container.sh(`pkill -KILL ${name}`);
        assert.equal(await fetched(t, container, "http://localhost/"), "Hello from the test\n", `${name} was killed`);
      }
      assert.match((await container.logs()).stdout, /"GET \/ HTTP\/1.1" 200/);
      assert.equal(await container.sh("find /var/log/nginx -type f -size +0"), "", "no log grows in the container");
    });
    await t.test("and its app answer a pending request before they stop", async () => {
      const slow = `import os, sys, time
def app(environ, start_response):
    print("asked for", environ["PATH_INFO"], file=sys.stderr, flush=True)
    while environ["PATH_INFO"] == "/slow" and not os.path.exists("/tmp/stopping"): time.sleep(0.05)
    start_response("200 OK", [])
    return [b"done"]`;
      await container.exec(["tee", "/app/app.py"], { input: slow });
      await container.sh("sv restart app");
      await beside(t, container, untilLine("curl --silent --fail http://localhost/ | grep -q done"));
      assert.equal(await stoppedWhileAsked(t, container, "http://localhost/slow", "asked for /slow"), "done");
    });
  });

  test("the Node app answers as its own user, and drains when it is stopped", async (t) => {
    const container = await startContainer(t, { image: await built(t, "node"), env: unhurried });
    assert.equal(await fetched(t, container, "http://localhost:3000/"), "Hello from app\n");
    assert.equal(await container.sh("ps -o user= -p $(pgrep -f '^node ')"), "app\n");
    const answer = await stoppedWhileAsked(t, container, "http://localhost:3000/slow", "GET /slow");
    assert.equal(answer, "Hello from app\n");
    assert.match((await container.logs()).stdout, /^draining$/m);
  });

  test("the cron job prints the container's variable to docker logs", async (t) => {
    const env = { GREETING: "Hello, it's me" };
    const container = await startContainer(t, { image: await built(t, "cron"), env });
    await container.waitForLog("Hello, it's me", { withinMs: 130_000 });
  });

  test("the batch job's status and output are the container's", async (t) => {
    const name = await built(t, "batch");
    const sum = await runContainer(t, { image: name, input: "1\n2\n" });
    assert.deepEqual([sum.status, sum.stdout, sum.stderr], [0, "3\n", ""]);
    const gross = await runContainer(t, { image: name, input: "1\n2\n", command: ["1.19"] });
    assert.deepEqual([gross.status, gross.stdout, gross.stderr], [0, "3.57\n", ""]);
    const failed = await runContainer(t, { image: name, input: "1\nx\n" });
    assert.deepEqual([failed.status, failed.stdout, failed.stderr], [65, "", "line 2 is no number: x\n"]);
  });

  test("PostgreSQL", async (t) => {
    // The image of the app too, as the builder then has its layers in the cache.
    const [name] = await Promise.all([built(t, "postgresql"), withCompose.skip || built(t, "compose/app")]);
    await Promise.all([
      t.test("alone", (t) => alone(t, name)),
      t.test("with a migration and an app, in Compose", withCompose, (t) => inCompose(t, name)),
    ]);
  });
});

/** A database in a container of its own. @param name of the example's image */
async function alone(t: TestContext, name: string): Promise<void> {
  const volume = `baseimage-test-examples-${process.pid}`;
  cleanUp(t, () => run(["volume", "rm", "--force", volume]));
  const options = { image: name, args: ["--volume", `${volume}:/var/lib/postgresql`] };
  // As if a container had been killed while it initialised the database.
  const half = "mkdir /var/lib/postgresql/new; echo 17 > /var/lib/postgresql/new/PG_VERSION";
  assert.equal((await runContainer(t, { ...options, command: ["sh", "-c", half] })).status, 0);

  const container = await startContainer(t, options);
  const ready = "database system is ready to accept connections";
  await container.waitForLog(ready);
  const psql = (sql: string) => container.sh(`setuser postgres psql --no-align --tuples-only --command "${sql}"`);

  await t.test("refuses connections from outside without a password", async () => {
    const address = await container.inspect("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
    const url = `postgresql://postgres:secret@${address}/postgres`;
    const command = ["psql", "--no-align", "--tuples-only", "--command", "SELECT 40 + 2", url];
    assert.match((await runContainer(t, { image: name, command })).stderr, /password authentication failed/);
    await psql("ALTER ROLE postgres PASSWORD 'secret'");
    assert.equal((await runContainer(t, { image: name, command })).stdout, "42\n");
  });
  await t.test("keeps its data over a stop with a client connected, and needs no recovery", async () => {
    await psql("CREATE TABLE numbers AS SELECT generate_series(1, 100) AS number");
    const client = container.exec(["setuser", "postgres", "psql", "--command", "SELECT pg_sleep(1000)"]);
    await container.until("pgrep -f 'postgres: .* SELECT'");
    await container.stop();
    assert.equal(await container.exitCode(), 0);
    assert.notEqual((await client).status, 0);
    assert.match((await container.logs()).stderr, /^.*database system is shut down$/m);

    await run(["start", container.id]);
    await container.waitForLog(new RegExp(`${ready}[^]*${ready}`));
    assert.equal(await psql("SELECT sum(number) FROM numbers"), "5050\n");
    const { stderr } = await container.logs();
    assert.match(stderr, /database system is shut down\n[^]*database system was shut down at/);
    assert.doesNotMatch(stderr, /not properly shut down|interrupted|Forcing/);
  });
}

/** Not in one piece in this file, so that no search finds the test. */
const PASSWORD = ["it's", "a", "secret"].join(" ");

/** A database, a migration and an app. @param postgresql the image of the other example */
async function inCompose(t: TestContext, postgresql: string): Promise<void> {
  const project = composeProject(t, "examples/compose", { PORT: "0" });
  t.diagnostic(`Compose ${project.version}`);
  const password = join(project.directory, "db_password");
  writeFileSync(password, `${PASSWORD}\n`, { mode: 0o600 });
  const args = [`BASEIMAGE=${image}`, `POSTGRESQL=${postgresql}`].flatMap((arg) => ["--build-arg", arg]);
  await project.must(["build", ...args]);

  const containers = () => Promise.all(["db", "migrate", "app"].map(project.container));
  const logs = async () => {
    const all = await Promise.all((await containers()).map((each) => each.logs()));
    return all.map(({ stdout, stderr }) => stdout + stderr).join("\n");
  };
  /** What the app answers on this machine. */
  const answer = async () => {
    const [address = ""] = (await run(["port", (await project.container("app")).id, "8000"])).stdout.split("\n");
    return (await ask(Number(address.split(":").pop()), "/")).body;
  };

  await t.test("come up in this order", async () => {
    await project.up("app");
    const [db, migrate, app] = await containers();
    assert.ok(db && migrate && app);
    assert.equal(await db.inspect("{{.State.Health.Status}}"), "healthy");
    assert.equal(await migrate.exitCode(), 0);
    const [end, start] = [await migrate.inspect("{{.State.FinishedAt}}"), await app.inspect("{{.State.StartedAt}}")];
    assert.ok(Date.parse(end) <= Date.parse(start), `${end} ${start}`);
    assert.equal(await answer(), "visits: 1");
    assert.equal(await answer(), "visits: 2");
  });

  await t.test("show the password only to the processes that log in", async () => {
    const ids = (await containers()).map(({ id }) => id);
    assert.ok(!(await run(["inspect", ...ids])).stdout.includes(PASSWORD));
    assert.ok(!(await logs()).includes(PASSWORD));
    // Without the capability SYS_PTRACE, each user sees only the environment of its own processes.
    const holders = async (service: string, user: string) => {
      const line = `grep -slF "${PASSWORD}" /proc/[0-9]*/environ | cut -d / -f 3 | xargs -r ps -o comm= | sort -u`;
      return (await (await project.container(service)).exec(["sh", "-c", line], { user })).stdout;
    };
    assert.equal(await holders("app", "app"), "gunicorn\n");
    for (const [service, user] of [
      ["app", "root"],
      ["db", "root"],
      ["db", "postgres"],
    ] as const)
      assert.equal(await holders(service, user), "", `${user} in ${service}`);
  });

  await t.test("keep the password of the role if the file is empty, and say why", async () => {
    writeFileSync(password, "\n");
    const { status, stderr } = await (await project.container("db")).exec(["/etc/service/role/run"]);
    assert.notEqual(status, 0);
    assert.match(stderr, /\/run\/secrets\/db_password is empty\n/);
    assert.equal(await answer(), "visits: 3");
  });

  await t.test("do not start with a wrong password, and say why", async () => {
    writeFileSync(password, "changed\n");
    const { status, stderr } = await project.run(["up", "--detach"]);
    assert.equal(status, 1, stderr);
    const [, migrate] = await containers();
    assert.equal(await migrate?.exitCode(), 1);
    assert.match((await migrate?.logs())?.stderr ?? "", /FATAL: {2}password authentication failed for user "app"\n/);
  });

  await t.test("stop in order", async () => {
    await project.must(["stop"]);
    const [db, , app] = await containers();
    assert.deepEqual([await db?.exitCode(), await app?.exitCode()], [0, 0]);
    assert.match((await db?.logs())?.stderr ?? "", /ready to accept[^]*database system is shut down\n/);
    assert.doesNotMatch(await logs(), /not properly shut down|interrupted|Forcing/);
    await project.must(["down"]);
  });

  await t.test("do the same as children of Docker's init, with their data and the new password", async () => {
    project.add("init.yaml");
    await project.up("app");
    assert.equal(await answer(), "visits: 4");
    const [db, , app] = await containers();
    assert.ok(db && app);
    assert.equal(await app.sh("ps -o comm= -p 1"), "docker-init\n");
    const killed = await app.sh("pgrep -o -x gunicorn");
    await app.sh("pkill -KILL gunicorn");
    await app.until(`container_health && [ "$(pgrep -o -x gunicorn)" != ${killed.trim()} ]`);
    assert.equal(await answer(), "visits: 5");
    await project.must(["stop"]);
    assert.deepEqual([await db.exitCode(), await app.exitCode()], [0, 0]);
    assert.doesNotMatch(await logs(), /not properly shut down|interrupted|Forcing/);
  });
}
