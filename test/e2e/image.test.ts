// The image as a system: packages, locale, apt, runit, tools, permissions.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { addedTo } from "../../scripts/release/added.mjs";
import { baseOf, openImage } from "../../scripts/release/saved-image.mjs";
import { buildImage, image, run, runContainer, startContainer } from "../support/container.ts";

/** A container that does nothing, to look around in. */
const idle = { command: ["sleep", "600"] };

test("the base system is Ubuntu LTS, Debian, or Debian testing, which has no version yet", async (t) => {
  const line = '. /etc/os-release; echo "$ID ${VERSION_ID-${PRETTY_NAME##*/}}"';
  const outcome = await runContainer(t, { command: ["sh", "-c", line] });
  assert.match(outcome.stdout, /^(ubuntu \d\d\.04|debian 1\d|debian sid)\n$/);
});

test("dpkg and apt find nothing wrong, and nothing is held back", async (t) => {
  const container = await startContainer(t, idle);
  assert.equal(await container.sh("dpkg --audit"), "");
  await container.sh("apt-get check");
  assert.equal(await container.sh("apt-mark showhold"), "");
  // The build has checked the image (image/build.sh). Later updates of the archive are no fault of the
  // image: they are only reported, as a reason to build again.
  await container.sh("apt-get -q update");
  const since = (await container.sh("apt-get -s dist-upgrade")).match(/^Inst \S+/gm) ?? [];
  t.diagnostic(
    `${since.length} upgrades since the packages were installed: ${since.map((line) => line.slice(5)).join(" ")}`,
  );
});

test("security and update archives are among apt's sources", async (t) => {
  const container = await startContainer(t, idle);
  const sources = await container.sh(
    "apt-get indextargets --no-release-info --format '$(RELEASE)' 'Created-By: Packages'",
  );
  assert.match(sources, /-updates$/m);
  assert.match(sources, /-security$/m);
});

test("the image adds at most 60 packages (on Debian testing 61) and 50 MB, and neither Python, Perl nor systemd", async (t) => {
  const { below, own } = openImage(image, baseOf(image));
  const { all, packages, upgraded } = addedTo(below, own);
  const inMB = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  t.diagnostic(`${packages.length} packages and ${inMB(all.ours)} added: ${packages.join(" ")}`);
  t.diagnostic(`beside it ${inMB(all.upgrades)} by upgrades of the base's own: ${upgraded.join(" ")}`);
  // Testing has split openssh-client in two.
  const most = /testing|forky/.test(baseOf(image)) ? 61 : 60;
  assert.ok(packages.length <= most, `${packages.length} packages added`);
  assert.ok(all.ours <= 50e6, `${all.ours} bytes added`);
  for (const name of packages) assert.doesNotMatch(name, /^(python|systemd$|systemd-sysv|perl$|perl-modules|libperl)/);

  const found = await runContainer(t, { command: ["sh", "-c", "command -v python3 python; ls /lib/systemd/systemd"] });
  assert.equal(found.stdout, "");
});

test("the locale is UTF-8 and `locale` prints no warning", async (t) => {
  const container = await startContainer(t, idle);
  const shells: Record<string, string[]> = {
    "docker exec": ["locale"],
    "a login shell": ["env", "-i", "bash", "-l", "-c", "locale"],
    "a login shell of sh": ["env", "-i", "sh", "-l", "-c", "locale"],
    "su - USER": ["env", "-i", "su", "-", "games", "-s", "/bin/sh", "-c", "locale 2>&1"],
  };
  for (const [where, command] of Object.entries(shells)) {
    const outcome = await container.exec(command);
    assert.match(outcome.stdout, /^LANG=\S+\.UTF-8$/m, where);
    assert.doesNotMatch(outcome.stdout + outcome.stderr, /locale: Cannot/, where);
  }
  assert.equal((await container.sh("locale charmap")).trim(), "UTF-8");
  assert.equal((await container.sh("printf 'é' | wc -m")).trim(), "1");
});

test("services see a UTF-8 locale", async (t) => {
  const derived = await buildImage(
    t,
    `FROM ${image}
RUN mkdir /etc/service/web && printf '#!/bin/sh\\nlocale\\nexec sleep 600\\n' > /etc/service/web/run && chmod +x /etc/service/web/run`,
  );
  const container = await startContainer(t, { image: derived });
  await container.waitForLog(/^LANG=\S+\.UTF-8$/m);
  const { stdout, stderr } = await container.logs();
  assert.doesNotMatch(stdout + stderr, /Cannot set/);
});

test("my_init is the image's command, static, and setuser is the same program", async (t) => {
  const container = await startContainer(t, idle);
  const config = (
    await run(["image", "inspect", "--format", "{{json .Config.Cmd}} {{json .Config.Entrypoint}}", image])
  ).stdout.trim();
  assert.match(config, /^\["\/sbin\/my_init"\] (null|\[\])$/);
  assert.match(await container.sh("/sbin/my_init --version"), /\d/);
  assert.equal(await container.sh("readlink -f /sbin/setuser"), await container.sh("readlink -f /sbin/my_init"));
  assert.match((await container.exec(["ldd", "/sbin/my_init"])).stderr, /not a dynamic executable/);
  assert.match(
    await container.sh("ls -ld /sbin"),
    /^l.* -> usr\/sbin$/m,
    "/sbin is still the link that the distribution made",
  );
});

test("package scripts never start daemons", async (t) => {
  const container = await startContainer(t, idle);
  assert.equal((await container.exec(["/usr/sbin/policy-rc.d", "ssh", "start"])).status, 101);
  await container.sh("install_clean memcached");
  assert.equal((await container.exec(["pgrep", "memcached"])).status, 1, "memcached is installed and not running");
});

test("ischroot and initctl are replaced by diversion if the distribution has them", async (t) => {
  const container = await startContainer(t, idle);
  const diverted = await container.sh(
    "for f in /usr/bin/ischroot /sbin/initctl; do [ ! -e $f.distrib ] || echo $f; done",
  );
  assert.match(diverted, /\/usr\/bin\/ischroot/);
  for (const program of diverted.trim().split("\n")) {
    assert.equal((await container.sh(`readlink ${program}`)).trim(), "/bin/true");
    assert.match(await container.sh(`dpkg-divert --list ${program}`), /^local diversion/);
  }
});

test("a later version of runit's sv is installed beside ours", async (t) => {
  const container = await startContainer(t, idle);
  assert.match(await container.sh("dpkg-divert --list /usr/bin/sv"), /^local diversion of \/usr\/bin\/sv /);
  const ours = await container.sh("cat /usr/bin/sv");
  await container.sh("rm /usr/bin/sv.distrib && apt-get -q update && apt-get -qy install --reinstall runit");
  assert.equal(await container.sh("cat /usr/bin/sv"), ours);
  assert.match(
    await container.sh("strings -n 6 /usr/bin/sv.distrib 2> /dev/null || cat /usr/bin/sv.distrib"),
    /supervise\/ok/,
  );
});

test("HTTPS sources work in apt and curl, also with own certificates", async (t) => {
  const container = await startContainer(t, idle);
  await container.sh(`
    mkdir /tmp/archive && cd /tmp/archive && printf 'HTTP/1.0 200 OK\\r\\nContent-Length: 6\\r\\n\\r\\nhello\\n' > Packages
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \\
      -addext subjectAltName=DNS:localhost -keyout /tmp/key.pem -out /tmp/cert.pem 2> /dev/null
    openssl s_server -quiet -accept 4433 -key /tmp/key.pem -cert /tmp/cert.pem -HTTP > /tmp/server.log 2>&1 < /dev/null &
    until curl --insecure --silent https://localhost:4433/Packages; do sleep 0.05; done`);
  assert.equal(
    (await container.exec(["curl", "--silent", "https://localhost:4433/Packages"])).status,
    60,
    "an unknown certificate is refused",
  );
  await container.sh("cp /tmp/cert.pem /usr/local/share/ca-certificates/own.crt && update-ca-certificates");
  await container.sh("curl --silent --fail https://localhost:4433/Packages");
  assert.ok(
    Number(await container.sh("grep -c BEGIN /etc/ssl/certs/ca-certificates.crt")) > 100,
    "the public authorities are there",
  );

  await container.sh("/usr/lib/apt/apt-helper download-file https://localhost:4433/Packages /tmp/fetched");
  assert.equal(await container.sh("cat /tmp/fetched"), "hello\n");
});

test("apt-get install of a server succeeds in a Dockerfile without prompts", async (t) => {
  const derived = await buildImage(
    t,
    `FROM ${image}
RUN mkdir -p /etc/nginx && echo 'worker_processes 1; events {} # mine' > /etc/nginx/nginx.conf
RUN apt-get update && apt-get install -y nginx-light tzdata memcached`,
  );
  const outcome = await runContainer(t, {
    image: derived,
    command: ["sh", "-c", "nginx -v; cat /etc/nginx/nginx.conf; ls /var/cache/apt/archives/*.deb"],
  });
  assert.match(outcome.stderr, /nginx version/);
  assert.match(outcome.stdout, /# mine/, "a configuration file that came before its package is kept");
  assert.doesNotMatch(outcome.stdout, /\.deb$/m, "packages are not kept once installed");
});

test("runit is the distribution's own, and a killed service comes back", async (t) => {
  const derived = await buildImage(
    t,
    `FROM ${image}
RUN mkdir /etc/service/worker && printf '#!/bin/sh\\necho worker is PID $$\\nexec sleep 600\\n' > /etc/service/worker/run && chmod +x /etc/service/worker/run`,
  );
  const container = await startContainer(t, { image: derived });
  await container.waitForLog(/worker is PID \d+/);
  assert.equal(
    (await container.sh("dpkg --verify runit; dpkg --search /usr/bin/runsvdir")).trim(),
    "runit: /usr/bin/runsvdir",
  );
  assert.match(await container.sh("pgrep -a runsvdir"), /\/usr\/bin\/runsvdir -P /);
  await container.sh("until pkill -KILL -x sleep; do sleep 0.05; done");
  await container.waitForLog(/worker is PID \d+[^]*worker is PID \d+/);
});

test("/etc/service is a directory, and the packages' own services are not in it", async (t) => {
  const outcome = await runContainer(t, {
    command: ["sh", "-c", "stat -c %F /etc/service; find /etc/service -type l"],
  });
  assert.equal(outcome.stdout, "directory\n");
});

test("install_clean installs without recommends, cleans up, and ends with apt's status", async (t) => {
  const container = await startContainer(t, idle);
  const isInstalled = async (name: string) => (await container.exec(["dpkg", "--status", name])).status === 0;
  const isClean = async () =>
    assert.equal(await container.sh("find /var/lib/apt/lists /var/cache/apt -type f ! -name lock"), "");
  await isClean();

  await container.sh("install_clean nginx-light");
  assert.ok(await isInstalled("nginx-light"));
  await isClean();

  const failed = await container.exec(["install_clean", "no-such-package"]);
  assert.equal(failed.status, 100);
  assert.match(failed.stderr, /Unable to locate package no-such-package/);
  await isClean();

  assert.equal((await container.exec(["install_clean"])).status, 2);
});

test("install_clean installs recommends on request", async (t) => {
  const container = await startContainer(t, idle);
  const plan = (words: string) => container.sh(`install_clean -s ${words} | sed -n 's/^Inst \\([^ ]*\\).*/\\1/p'`);
  assert.doesNotMatch(await plan("git"), /^patch$/m);
  assert.match(await plan("--install-recommends git"), /^patch$/m);
  assert.match(await plan("git --install-recommends"), /^patch$/m);
});

test("the tools that an administrator types first are there", async (t) => {
  const container = await startContainer(t, idle);
  for (const tool of ["curl", "less", "vim", "vi", "ps", "top", "killall", "pstree", "fuser"]) {
    await container.sh(`command -v ${tool}`);
  }
  assert.equal((await container.sh("readlink -f /usr/bin/vim")).trim(), "/usr/bin/vim.tiny");
});

test("modes and owners are those of image/permissions", async (t) => {
  const container = await startContainer(t, idle);
  const lines = readdirSync("image/permissions")
    .flatMap((name) => readFileSync(`image/permissions/${name}`, "utf8").split("\n"))
    .filter((line) => /^\d/.test(line));
  assert.ok(lines.length > 5);
  for (const line of lines) {
    const [mode, owner, path] = line.split(/\s+/);
    assert.equal((await container.sh(`stat -c '0%a %U:%G' ${path}`)).trim(), `${mode} ${owner}`, path);
  }
  assert.equal((await container.sh("getent group docker_env")).trim(), "docker_env:x:8377:");
  assert.equal(
    await container.sh(
      "find / -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o ! -type l -perm -002 ! -perm -1000 -print",
    ),
    "",
    "nothing is writable by all",
  );
});

test("the container environment has INITRD=no and LANG", async (t) => {
  const container = await startContainer(t, idle);
  assert.equal(await container.sh("cat /etc/container_environment/INITRD"), "no");
  assert.match(await container.sh("cat /etc/container_environment/LANG"), /^\S+\.UTF-8$/);
});

test("a login shell of an ordinary user prints no error about the environment that it may not read", async (t) => {
  const container = await startContainer(t, {});
  await container.waitForLog("Runit started as PID");
  const outcome = await container.exec(["su", "-", "games", "-s", "/bin/bash", "-c", "cd /; true"]);
  assert.doesNotMatch(outcome.stderr, /ermission denied|container_environment/);
});

test("nothing is left of the build", async (t) => {
  const container = await startContainer(t, idle);
  assert.equal(await container.sh("find /tmp /var/tmp /var/log /var/lib/apt/lists -mindepth 1 ! -type d"), "");
  assert.equal(await container.sh("find / -xdev -name .keep -not -path '/proc/*'"), "");
  assert.equal(await container.sh("find /var/cache/apt -type f ! -name lock"), "");
  assert.equal((await container.exec(["test", "-s", "/etc/machine-id"])).status, 1);
});

test("derived images find buildconfig and cleanup.sh at the original's paths", async (t) => {
  const container = await startContainer(t, idle);
  const printed = await container.sh(
    'set -eu; . /bd_build/buildconfig; echo "$minimal_apt_get_install|$LC_ALL|$DEBIAN_FRONTEND|$DISABLE_SSH"',
  );
  assert.equal(printed, "apt-get install -y --no-install-recommends|C|noninteractive|0\n");
  await container.sh("touch /tmp/x; apt-get -q update; /bd_build/cleanup.sh");
  assert.equal(await container.sh("ls /tmp; find /var/lib/apt/lists -type f"), "");
});

test("runit's real helper can be installed in place of ours, and all still works", async (t) => {
  const container = await startContainer(t, idle);
  if ((await container.exec(["dpkg", "--status", "baseimage-sysuser-helper"])).status !== 0) {
    t.skip("this distribution's runit needs no stand-in");
    return;
  }
  await container.sh("apt-get -q update && apt-get install -y sysuser-helper && apt-get check && dpkg --audit");
  assert.equal((await container.exec(["dpkg", "--status", "runit"])).status, 0);
  assert.equal(await container.sh("dpkg-query --show --showformat '${db:Status-Abbrev}' sysuser-helper"), "ii ");
});

test("`make build NAME=... VERSION=...` names the image, and a second run builds nothing again", async (t) => {
  // Names of our own, so that no image changes while another checkout tests it.
  const name = `joe/baseimage-test-${process.pid}`;
  t.after(() => run(["rmi", "--force", `${name}:1.2`, `${name}:1.2-overlay`, `${name}:latest`, `${name}-binary`]));
  const build = async () => {
    execFileSync("make", ["build", `NAME=${name}`, "VERSION=1.2"], { stdio: "pipe", env: makeEnvironment() });
    const ids = await run(["image", "inspect", "--format", "{{.Id}}", `${name}:1.2`, `${name}:latest`]);
    assert.equal(ids.status, 0, ids.stderr);
    return ids.stdout;
  };
  assert.equal(await build(), await build());
});

/** Without the variables of an outer `make`, which this one would inherit. */
function makeEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(MAKE|MFLAGS|NAME$|VERSION$|IMAGE$)/.test(name)),
  );
}

test("locale-gen and update-locale, which many Dockerfiles call, succeed for the locales of the image", async (t) => {
  const container = await startContainer(t, idle);
  await container.sh("locale-gen en_US.UTF-8 && locale-gen C.UTF-8 && locale-gen");
  await container.sh("sed -i 's/^# en_US.UTF-8/en_US.UTF-8/' /etc/locale.gen && locale-gen");
  await container.sh("update-locale LANG=en_US.UTF-8 LC_ALL=en_US.UTF-8 && update-locale LC_ALL");
  assert.equal(await container.sh("cat /etc/default/locale"), "LANG=en_US.UTF-8\n");
  assert.equal((await container.exec(["dpkg", "--status", "locales"])).status, 1);
});

test("if locale-gen cannot make a locale, it says so and fails", async (t) => {
  const container = await startContainer(t, { ...idle, args: ["--network", "none"] });
  const unknown = await container.exec(["locale-gen", "xx_YY.UTF-8"]);
  assert.deepEqual([unknown.status, unknown.stderr], [1, 'locale-gen: there is no locale "xx_YY.UTF-8"\n']);
  const pattern = await container.exec(["sh", "-c", "cd / && locale-gen '*'"]);
  assert.deepEqual([pattern.status, pattern.stderr], [1, 'locale-gen: there is no locale "*"\n']);
  for (const line of [
    "locale-gen de_DE.UTF-8",
    "echo de_DE.UTF-8 UTF-8 > /etc/locale.gen && locale-gen",
    "echo fr_FR.UTF-8 UTF-8 > /etc/locale.gen && locale-gen de_DE.UTF-8",
  ]) {
    const failed = await container.exec(["sh", "-c", line]);
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /^locale-gen: the package locales cannot be installed: not made: de_DE.UTF-8$/m);
  }
});

test("apt-key refuses a key whose end is missing", async (t) => {
  const container = await startContainer(t, idle);
  const line = "echo '-----BEGIN PGP PUBLIC KEY BLOCK-----' | apt-key add -";
  const { status, stderr } = await container.exec(["sh", "-c", line]);
  assert.deepEqual([status, stderr], [1, "apt-key: the last lines of the key are missing\n"]);
  assert.equal(await container.sh("find /etc/apt/trusted.gpg.d -name 'apt-key-*'"), "");
});

test("login shells of users with access see the container environment, and keep their own TERM", async (t) => {
  const container = await startContainer(t, { env: { FOO: "it's", TERM: "odd" } });
  await container.waitForLog("Runit started as PID");
  const login = (user: string) =>
    container.exec([
      "env",
      "-i",
      "TERM=mine",
      "su",
      "-w",
      "TERM",
      "-",
      user,
      "-s",
      "/bin/sh",
      "-c",
      "cd /; echo $FOO $TERM",
    ]);
  assert.equal((await login("root")).stdout, "it's mine\n");
  assert.equal((await login("games")).stdout, "mine\n");
  await container.sh("gpasswd -a games docker_env");
  assert.equal((await login("games")).stdout, "it's mine\n");
});
