// workaround-docker-2267: names from a file that can always be written. See docs/reference/workaround-docker-2267.md
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { buildImage, type Container, image, run, runContainer, startContainer } from "../support/container.ts";

const TOOL = "/usr/bin/workaround-docker-2267";
const HOSTS = "/etc/workaround-docker-2267/hosts";

/** The image after `RUN /usr/bin/workaround-docker-2267`. */
let changed: string;
const afterAll: (() => unknown)[] = [];

before(async () => {
  const context = { after: (act: () => unknown) => void afterAll.push(act) } as unknown as TestContext;
  changed = await buildImage(context, `FROM ${image}\nRUN ${TOOL}\n`);
});

after(async () => {
  for (const act of afterAll) await act();
});

/** A container of `from` in which nothing happens by itself, with the path of its libc in $libc for `sh()`. */
function startIdle(t: TestContext, from = image, args: readonly string[] = []): Promise<Container> {
  const shell = ["--env", "ENV=/dev/null", "--entrypoint", "sleep"];
  return startContainer(t, { image: from, args: [...shell, ...args], command: ["600"] });
}

const setLibc = "libc=$(realpath /lib/*-linux-gnu/libc.so.6 | grep -E 'x86_64|aarch64' | head -n 1); set -eu; ";
const sh = (container: Container, lines: string) => container.sh(setLibc + lines);

/** Every file with the attributes that reading does not change; without the times of directories. */
async function snapshot(container: Container): Promise<string> {
  const files = await container.sh(
    `find / -xdev \\( -type d -printf '%p %m %u %g\\n' -o -printf '%p %s %m %u %g %T@ %l\\n' \\) | sort`,
  );
  return files + (await container.sh("sha256sum $(find -L /lib /usr/lib -name 'libc.so*' -o -name 'libnss_files*')"));
}

/** Runs the tool where it must fail with one line like `message`, and leave every file as it was. */
async function mustRefuse(container: Container, message: RegExp, user = "root"): Promise<void> {
  const asItWas = await snapshot(container);
  const { status, stdout, stderr } = await container.exec([TOOL], { user });
  assert.match(stderr, message);
  assert.match(stderr, /^workaround-docker-2267: cannot [^\n]+\n$/, "one line");
  assert.deepEqual([status, stdout], [1, ""]);
  assert.equal(await snapshot(container), asItWas);
}

async function addressOf(container: Container, name: string, user = "root"): Promise<string | undefined> {
  const { status, stdout } = await container.exec(["getent", "ahostsv4", name], { user });
  return status === 0 ? stdout.split(/\s/)[0] : undefined;
}

async function assertWorks(container: Container): Promise<void> {
  await container.sh(`echo 127.0.0.77 my-test-domain.com >> ${HOSTS}`);
  for (const user of ["root", "nobody"]) {
    assert.equal(await addressOf(container, "my-test-domain.com", user), "127.0.0.77", user);
    assert.equal(await addressOf(container, "localhost", user), "127.0.0.1", user);
  }
}

describe("workaround-docker-2267", { concurrency: 2 }, () => {
  test("after RUN in a Dockerfile a line added to its hosts file is a name, for every user", async (t) => {
    const container = await startContainer(t, { image: changed });
    await container.waitForLog("Runit started as PID");
    assert.equal(await addressOf(container, "my-test-domain.com"), undefined);
    await assertWorks(container);
    await container.sh(`sed -i /my-test-domain/d ${HOSTS}`);
    assert.equal(await addressOf(container, "my-test-domain.com"), undefined, "and no more once it is gone");
    assert.equal(
      await container.sh('getent ahostsv4 "$(hostname)" | wc -l'),
      "3\n",
      "the container knows its own name",
    );
  });

  test("an image in which it was not run has the distribution's libc", async (t) => {
    const container = await startIdle(t);
    await container.sh("! test -e /cte && ! test -e /etc/workaround-docker-2267 && dpkg --verify libc6");
    await container.sh("echo 127.0.0.78 in-etc-hosts >> /etc/hosts");
    assert.equal(await addressOf(container, "in-etc-hosts"), "127.0.0.78");
  });

  test("it works if /etc/hosts cannot be written", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "baseimage-hosts-"));
    t.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, "hosts"), "127.0.0.1 localhost\n10.1.2.3 given\n");
    const container = await startContainer(t, {
      image: changed,
      args: ["--volume", `${join(directory, "hosts")}:/etc/hosts:ro`],
    });
    await container.waitForLog("Runit started as PID");
    assert.notEqual((await container.exec(["sh", "-c", "echo 1.2.3.4 x >> /etc/hosts"])).status, 0);
    await assertWorks(container);
    assert.equal(await addressOf(container, "given"), "10.1.2.3");
  });

  test("it works immediately in a shell of a running container, whose processes go on", async (t) => {
    const container = await startContainer(t, { args: ["--add-host", "given:10.1.2.3"] });
    await container.until("container_health"); // each runsv is there
    const processes = () => container.sh("ps -e -o pid= -o comm= | grep -E 'my_init|runsv'");
    const running = await processes();
    const { status, stdout, stderr } = await container.exec([TOOL]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^workaround-docker-2267: changed \/\S+\/libc.so.6\n/);
    assert.equal(await addressOf(container, "given"), "10.1.2.3");
    await assertWorks(container);
    assert.equal(await processes(), running);
    await container.stop();
    assert.equal(await container.exitCode(), 0);
  });

  test("a second run reports that and changes nothing, in another layer and in a container", async (t) => {
    const twice = await buildImage(t, `FROM ${changed}\nRUN ${TOOL} > /printed\n`);
    const container = await startIdle(t, twice);
    assert.match(await container.sh("cat /printed"), /^workaround-docker-2267: nothing to do: [^\n]+\n$/);
    const asItWas = await snapshot(container);
    const { status, stdout, stderr } = await container.exec([TOOL]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.match(stdout, /^workaround-docker-2267: nothing to do: [^\n]+\n$/);
    assert.equal(await snapshot(container), asItWas);
    const readOnly = await runContainer(t, { image: changed, args: ["--read-only"], command: [TOOL] });
    assert.deepEqual([readOnly.status, readOnly.stderr], [0, ""]);
  });

  test("an upgrade of libc undoes it cleanly, and it can be run again; edits stay", async (t) => {
    const container = await startIdle(t, changed);
    await container.sh(`echo 127.0.0.79 edited >> ${HOSTS}`);
    assert.match(await container.sh("dpkg --verify libc6 || true"), /^\S+ +\/\S+\/libc.so.6\n$/, "as is documented");
    await container.sh("apt-get -q update && apt-get -qy install --reinstall libc6");
    assert.equal(await container.sh("dpkg --verify libc6; dpkg --audit; apt-get check > /dev/null"), "");
    assert.equal(await addressOf(container, "edited"), undefined, "names come from /etc/hosts again");
    assert.equal(await addressOf(container, "localhost"), "127.0.0.1");
    const { status, stderr } = await container.exec([TOOL]);
    assert.deepEqual([status, stderr], [0, ""]);
    assert.equal(await addressOf(container, "edited"), "127.0.0.79");
    await assertWorks(container);
  });

  test("apt can run it after each upgrade", async (t) => {
    const container = await startIdle(t, changed);
    await container.sh(`echo 'DPkg::Post-Invoke { "${TOOL}"; };' > /etc/apt/apt.conf.d/90hosts`);
    await container.sh("apt-get -q update && apt-get -qy install --reinstall libc6");
    await assertWorks(container);
  });

  test("everything else still works", async (t) => {
    const container = await startIdle(t, changed);
    await container.sh(`echo 127.0.0.1 my-test-domain.com >> ${HOSTS}`);
    const refused = await container.exec(["curl", "-sS", "http://my-test-domain.com:1/"]);
    assert.equal(refused.status, 7, "curl finds the name, and no server listens there");
    assert.equal((await container.exec(["curl", "-sS", "http://no-such-name.invalid:1/"])).status, 6);
    await container.sh("ldconfig && dpkg --audit && apt-get check && bash -lc 'id root' && getent passwd nobody");
    await container.sh("apt-get -q update && apt-get -qy install --no-install-recommends hello && hello");
    await container.sh("setuser nobody getent hosts localhost && perl -e 'gethostbyname(q(localhost)) or die'");
  });

  test("all libcs are changed, or none", async (t) => {
    const container = await startIdle(t);
    await sh(container, "mkdir /usr/lib/i386-linux-gnu; cp $libc /usr/lib/i386-linux-gnu/libc.so.6");
    const { status, stdout, stderr } = await container.exec([TOOL]);
    assert.deepEqual([status, stderr, stdout.match(/changed/g)?.length], [0, "", 2]);
    await sh(container, "cmp $libc /usr/lib/i386-linux-gnu/libc.so.6");
    await assertWorks(container);

    const other = await startIdle(t);
    await sh(
      other,
      `mkdir /usr/lib/i386-linux-gnu; cp $libc /usr/lib/i386-linux-gnu/libc.so.6
      printf '\\0/etc/hosts\\0' >> /usr/lib/i386-linux-gnu/libc.so.6`,
    );
    await mustRefuse(other, /i386-linux-gnu\/libc.so.6": it holds the path of the hosts file 2 times/);
  });

  test("nothing but the path differs from the distribution's libc; owner and mode are the same", async (t) => {
    const container = await startIdle(t);
    await sh(container, "cp -a $libc /before");
    await sh(container, TOOL);
    const differing = await sh(container, "cmp -l /before $libc || true");
    assert.equal(differing.trim().split("\n").length, 2, "of /etc/hosts and /cte/hosts two characters differ");
    const facts = "stat --format '%U %G %a %s'";
    assert.equal(await sh(container, `${facts} $libc`), await container.sh(`${facts} /before`));
  });

  test("a libc whose layout is not known is refused", async (t) => {
    const replace = (text: string) => `perl -0777 -pe 's#\\0/etc/hosts\\0#${text}#' $libc > /other`;
    const layouts: readonly (readonly [string, RegExp])[] = [
      ["cp $libc /other; printf '\\0/etc/hosts\\0' >> /other", /it holds the path of the hosts file 2 times/],
      [replace("\\0/xtc/hosts\\0"), /it does not hold the path of the hosts file/],
      [replace("x/etc/hosts\\0"), /the path of the hosts file is part of another text in it/],
    ];
    for (const [make, message] of layouts) {
      const container = await startIdle(t);
      await sh(container, `${make}; chmod 755 /other; mv /other $libc`);
      await mustRefuse(container, message);
      await run(["kill", container.id]);
    }
  });

  test("on a full disk nothing changes, also if another libc was already prepared", async (t) => {
    // Sorted after the real one, for which there is room.
    const small = "/usr/lib/zz-linux-gnu";
    const container = await startIdle(t, image, ["--mount", `type=tmpfs,destination=${small},tmpfs-size=3m`]);
    await sh(container, `cp $libc ${small}/libc.so.6`);
    await mustRefuse(container, /zz-linux-gnu\/\S+": no space left on device \(ENOSPC\)/);
    await sh(
      container,
      `mkdir /kept; mv ${small}/* /kept; cmp $libc /kept/libc.so.6; ls -A ${small} | wc -l | grep -x 0`,
    );
  });

  test("a file that must not be written is named, and nothing changes", async (t) => {
    const readOnly = await startIdle(t, image, ["--read-only"]);
    await mustRefuse(readOnly, /cannot make "\/etc\/workaround-docker-2267": read-only file system \(EROFS\)/);
    const container = await startIdle(t);
    await mustRefuse(container, /cannot make "\/etc\/workaround-docker-2267": permission denied \(EACCES\)/, "nobody");
    await container.sh("mkdir /cte");
    await mustRefuse(container, /cannot make "\/cte": it is there already and leads elsewhere \(EEXIST\)/);
    const partly = await startIdle(t, image, ["--read-only", "--tmpfs", "/etc", "--tmpfs", "/var/lib/dpkg"]);
    await mustRefuse(partly, /cannot make "\/cte": read-only file system \(EROFS\)/);
  });

  test("while dpkg holds its lock it is refused", async (t) => {
    const container = await startIdle(t);
    // What dpkg does, by perl: F_SETLK with a struct flock of 64 bits.
    const holder = `open(L, "+<", "/var/lib/dpkg/lock") or die; my $whole = pack("s s x4 q q l x4", 1, 0, 0, 0, 0);
      fcntl(L, 6, $whole) or die; exit(system(@ARGV) >> 8)`;
    const refused = await container.exec(["perl", "-e", holder, TOOL]);
    assert.equal(refused.status, 1);
    assert.match(
      refused.stderr,
      /^workaround-docker-2267: cannot lock "\/var\/lib\/dpkg\/lock": [^\n]+\(EAGAIN\)[^\n]+\n$/,
    );
    await sh(container, "! test -e /cte && ! test -e /etc/workaround-docker-2267 && dpkg --verify libc6");
    await sh(container, TOOL);
    await assertWorks(container);
  });

  test("many runs at the same time, and killed runs, leave a whole libc", async (t) => {
    const container = await startIdle(t);
    await sh(container, `cp -a $libc /original; ${TOOL}; cp -a $libc /changed`);
    // Each round starts from the distribution's libc; the status shows which run did it.
    const begin = "cp -a /original $libc.new; mv $libc.new $libc; rm -rf /cte /etc/workaround-docker-2267";
    const end = 'cmp -s $libc /original || cmp $libc /changed; [ "$(wc -c < $libc)" = "$(wc -c < /original)" ]';
    for (let i = 0; i < 5; i++) {
      const printed = await sh(
        container,
        `${begin}
        for n in 1 2 3 4 5 6; do { ${TOOL} > /dev/null 2> /err.$n && echo done || { echo refused; grep -q EAGAIN /err.$n; }; } & done; wait
        ${end}`,
      );
      assert.match(printed, /^((done|refused)\n){6}$/);
      assert.match(printed, /done/);
      await sh(container, "cmp $libc /changed; [ -e /cte/hosts ]; rm /err.*");
    }
    await sh(
      container,
      `for ms in $(seq -f %03g 1 8 159); do
        ${begin}
        timeout -s KILL 0.$ms ${TOOL} > /dev/null 2>&1 || true
        ${end}
        cmp -s $libc /original || [ -e /cte/hosts ]
        ${TOOL} > /dev/null
        cmp $libc /changed
      done`,
    );
    assert.equal(
      await sh(container, "ls -A /etc/workaround-docker-2267 $(dirname $libc) | grep -E '^[.].|[.]new$' | wc -l"),
      "0\n",
    );
    await assertWorks(container);
  });

  test("my_init fills it at boot, before the first startup script, with the content of /etc/hosts", async (t) => {
    const args = ["--add-host", "db.example:10.9.8.7"];
    const ask = ["getent", "hosts", "db.example"];
    const filled = await runContainer(t, { image: changed, args, command: ["my_init", "--quiet", "--", ...ask] });
    assert.deepEqual([filled.status, filled.stdout, filled.stderr], [0, "10.9.8.7        db.example\n", ""]);
    const without = await runContainer(t, { image: changed, args, command: ask });
    assert.equal(without.status, 2, "the test can fail: so it is without my_init");

    const script = await buildImage(
      t,
      `FROM ${changed}\nRUN printf '#!/bin/sh\\ngetent hosts db.example\\n' > /etc/my_init.d/10_ask && chmod 755 /etc/my_init.d/10_ask\n`,
    );
    const early = await runContainer(t, { image: script, args, command: ["my_init", "--quiet", "--", "true"] });
    assert.deepEqual([early.status, early.stdout], [0, "10.9.8.7        db.example\n"]);
  });

  test("it is filled again at every boot: edits are gone, and the container knows its own address", async (t) => {
    const container = await startContainer(t, { image: changed, args: ["--add-host", "db.example:10.9.8.7"] });
    await container.waitForLog("Runit started as PID");
    await container.sh(`echo 127.0.0.1 edited >> ${HOSTS}`);
    await run(["restart", container.id]);
    await container.waitForLog(/Runit started as PID[^]*Runit started as PID/);
    assert.equal(await addressOf(container, "edited"), undefined);
    assert.equal(await addressOf(container, "db.example"), "10.9.8.7");
    assert.equal(await container.sh(`cmp /etc/hosts ${HOSTS}`), "");
  });

  test("if it cannot be written there is one warning, and the boot goes on", async (t) => {
    const tmp = ["--tmpfs", "/run", "--tmpfs", "/tmp"];
    for (const args of [
      ["--read-only", ...tmp],
      ["--user", "1000"],
    ]) {
      const { status, stdout, stderr } = await runContainer(t, {
        image: changed,
        args,
        command: ["my_init", "--quiet", "--", "getent", "hosts", "localhost"],
      });
      assert.equal(status, 0);
      assert.match(stdout, /localhost/);
      assert.equal(stderr.match(/workaround-docker-2267/g)?.length, 1, stderr);
      assert.match(
        stderr,
        /^\*\*\* cannot write "\/etc\/workaround-docker-2267\/hosts": .* \((EROFS|EACCES)\); names /m,
      );
    }
    const mounted = await runContainer(t, {
      image: changed,
      args: ["--read-only", ...tmp, "--tmpfs", "/etc/workaround-docker-2267", "--add-host", "db.example:10.9.8.7"],
      command: ["my_init", "--quiet", "--", "getent", "hosts", "db.example"],
    });
    assert.equal(mounted.status, 0);
    assert.doesNotMatch(mounted.stderr, /2267/);
  });
});
