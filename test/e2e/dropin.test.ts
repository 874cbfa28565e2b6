// Dockerfiles as users of phusion/baseimage write them, from 2014 until today: nothing but the FROM line is changed.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Container, runContainer, startContainer } from "../support/container.ts";
import { dropIn } from "../support/derived-image.ts";
import { IN_RELEASE, PUBLIC_KEY } from "../support/signed-archive.ts";

/** The names of all processes in the container, except those of this question. */
async function programs(container: Container): Promise<string[]> {
  const names = (await container.sh("ps -e -o comm=")).trim().split("\n");
  return [...new Set(names)].filter((name) => !["ps", "sh"].includes(name)).sort();
}

async function stopsWell(container: Container): Promise<void> {
  await container.stop();
  assert.equal(await container.exitCode(), 0);
  assert.doesNotMatch((await container.logs()).stderr, /Forcing|failed/);
}

describe("drop-in", { concurrency: 4 }, () => {
  test("2014: a daemon with a log service, a startup script, rc.local and no SSH", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:0.9.15
MAINTAINER Jo Doe <jo@example.com>

ENV HOME /root
ENV DEBIAN_FRONTEND noninteractive

# Disable SSH
RUN rm -rf /etc/service/sshd /etc/my_init.d/00_regen_ssh_host_keys.sh

CMD ["/sbin/my_init"]

RUN apt-get update && apt-get install -y netcat-openbsd
RUN adduser --system --group --home /srv/worker worker

RUN mkdir -p /etc/service/worker/log /var/log/worker
ADD worker.sh /etc/service/worker/run
ADD worker-log.sh /etc/service/worker/log/run
RUN chmod +x /etc/service/worker/run /etc/service/worker/log/run

RUN mkdir -p /etc/my_init.d
ADD init.sh /etc/my_init.d/99-init.sh
RUN chmod 755 /etc/my_init.d/99-init.sh
RUN echo '#!/bin/sh' > /etc/rc.local && echo 'touch /tmp/rc-local' >> /etc/rc.local && chmod +x /etc/rc.local

EXPOSE 7000
VOLUME ["/var/log/worker"]
RUN apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/* /var/tmp/*
`,
      {
        "worker.sh": `#!/bin/bash
set -e
exec 2>&1
source /etc/container_environment.sh
exec /sbin/setuser worker bash -c 'echo "I am $(whoami) in $HOME with $QUEUE"; exec nc -lk 7000'
`,
        "worker-log.sh": "#!/bin/sh\nexec svlogd -tt /var/log/worker\n",
        "init.sh": "#!/bin/bash\necho -n ${QUEUE:-default} > /etc/container_environment/QUEUE\nchown -R worker /srv\n",
      },
    );
    const container = await startContainer(t, { image: name });
    await container.until("grep -q 'I am worker' /var/log/worker/current");
    assert.match(await container.sh("cat /var/log/worker/current"), / I am worker in \/srv\/worker with default$/m);
    assert.equal(await container.sh("ls /tmp"), "rc-local\n");
    assert.match(
      (await container.logs()).stderr,
      /Running \/etc\/my_init.d\/99-init.sh\.\.\.\n[^]*Running \/etc\/rc.local/,
    );
    assert.ok(!(await programs(container)).includes("sshd"));
    await stopsWell(container);
  });

  test("2014: host keys at build time, HOME for all, a user of another id that owns its program", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:0.9.11
ENV HOME /root
RUN /etc/my_init.d/00_regen_ssh_host_keys.sh
CMD ["/sbin/my_init"]

# Ids as on the host
RUN usermod -u 99 nobody && \\
    usermod -g 100 nobody && \\
    usermod -d /home nobody && \\
    chown -R nobody:users /home
RUN echo /root > /etc/container_environment/HOME
VOLUME /config

ADD config.sh /etc/my_init.d/
ADD app.sh /etc/service/app/run
`,
      {
        "config.sh":
          "#!/bin/bash\nif [ ! -f /config/app.conf ]; then\n  echo first > /config/app.conf\n  chown nobody:users /config/app.conf\nfi\n",
        "app.sh": `#!/bin/bash
umask 000
cd /config
echo "at first $HOME"
exec /sbin/setuser nobody sh -c 'echo "ids $(id -u) $(id -g)"; echo "home $HOME"; echo again >> app.conf; exec sleep 1000'
`,
      },
    );
    const container = await startContainer(t, { image: name });
    await container.waitForLog("home /home");
    const { stdout } = await container.logs();
    for (const line of [/^at first \/root$/m, /^ids 99 100$/m, /^home \/home$/m]) assert.match(stdout, line);
    await container.until("grep -q again /config/app.conf");
    await stopsWell(container);
  });

  test("2014: everything that can be deleted is deleted", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:latest
RUN rm /etc/my_init.d/10_syslog-ng.init && \\
    rm /etc/my_init.post_shutdown.d/10_syslog-ng.shutdown && \\
    rm /etc/my_init.d/00_regen_ssh_host_keys.sh && \\
    rm -rf /etc/service/cron && \\
    rm -rf /etc/service/sshd
RUN rm -rf /etc/service/syslog-ng /etc/service/syslog-forwarder
`,
    );
    const container = await startContainer(t, { image: name });
    await container.waitForLog("Runit started as PID");
    await container.until("pgrep -x runsvdir > /dev/null"); // its process may not have executed runsvdir yet
    assert.deepEqual(await programs(container), ["my_init", "runsvdir"]);
    const { stdout, stderr } = await container.logs();
    assert.equal(stdout, "");
    assert.match(stderr, /^\*\*\* Booting runit daemon\.\.\.\n\*\*\* Runit started as PID \d+\n$/);
    await stopsWell(container);
  });

  test("2015: SSH switched on, with host keys, the insecure key and a user with a password", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:0.9.17
RUN rm -f /etc/service/sshd/down
RUN /etc/my_init.d/00_regen_ssh_host_keys.sh
RUN /usr/sbin/enable_insecure_key
RUN useradd -m -s /bin/bash -G docker_env jo && echo "jo:secret" | chpasswd
RUN chmod 755 /etc/container_environment && chmod 644 /etc/container_environment.sh /etc/container_environment.json
EXPOSE 22
CMD ["/sbin/my_init"]
`,
    );
    const container = await startContainer(t, { image: name, env: { COLOUR: "blue" } });
    await container.until("ssh-keyscan -T 5 localhost 2> /dev/null | grep -q ssh-");
    const login = "ssh -i /tmp/key -o StrictHostKeyChecking=no -o LogLevel=ERROR root@localhost";
    await container.sh("install -m 600 /etc/insecure_key /tmp/key");
    assert.equal(await container.sh(`${login} 'echo $COLOUR'`), "blue\n");
    assert.equal(await container.sh("su - jo -c 'echo $COLOUR'"), "blue\n");
    assert.equal(await container.sh("setuser nobody cat /etc/container_environment/COLOUR"), "blue");
    assert.equal((await container.exec(["sv", "status", "sshd"])).stdout.split(":")[0], "run");
    await stopsWell(container);
  });

  test("cron: a crontab of root's and a file in cron.d, which source and cat the environment", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:0.9.22
RUN echo fast > /etc/container_environment/MODE
ADD job.sh /usr/local/bin/job.sh
ADD jobs /etc/cron.d/jobs
RUN chmod 0644 /etc/cron.d/jobs
RUN (crontab -l; echo "* * * * * /bin/bash -c 'source /etc/container_environment.sh; echo \\$TOKEN > /tmp/crontab'") | crontab -
RUN sed -i 's/^\\(session.*pam_loginuid.so\\)/#\\1/' /etc/pam.d/cron
CMD ["/sbin/my_init"]
`,
      {
        jobs: "SHELL=/bin/bash\n* * * * * root /usr/local/bin/job.sh >> /var/log/job.log 2>&1\n* * * * * www-data id -un > /tmp/cron-user\n",
        "job.sh":
          '#!/bin/bash\nset -eu\nsource /etc/container_environment.sh\necho "$TOKEN $(cat /etc/container_environment/MODE)"\n',
      },
    );
    const container = await startContainer(t, { image: name, env: { TOKEN: "it's a 'token'" } });
    const files = "/var/log/job.log /tmp/crontab /tmp/cron-user";
    await container.sh(
      `n=1000; until [ "$(find ${files} -size +0 2> /dev/null | wc -l)" = 3 ]; do n=$((n - 1)); [ $n -gt 0 ] || exit 1; sleep 0.1; done`,
    );
    assert.equal(await container.sh(`cat ${files}`), "it's a 'token' fast\nit's a 'token'\nwww-data\n");
    await stopsWell(container);
  });

  test("a large application: ENTRYPOINT, long time limits, scripts before the shutdown", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:focal-1.2.0
ENV KILL_PROCESS_TIMEOUT=55 KILL_ALL_PROCESSES_TIMEOUT=55
ENV GRACE=12
COPY init.d/ /etc/my_init.d/
COPY pre_shutdown.d/ /etc/my_init.pre_shutdown.d/
COPY runit/ /etc/service/
COPY app-cli /usr/local/bin/
ENTRYPOINT ["/sbin/my_init"]
`,
      {
        "init.d/100_generate_secrets.sh":
          "#!/bin/bash\nset -e -o pipefail\nif [ ! -f /etc/container_environment/SECRET ]; then echo -n s3cr3t > /etc/container_environment/SECRET; fi\n",
        "init.d/200_check.sh": '#!/bin/bash\nset -e\nsource /etc/container_environment.sh\n[ "$SECRET" = s3cr3t ]\n',
        "pre_shutdown.d/00_close_site": '#!/bin/sh\n. /etc/container_environment.sh\necho "closing with $SECRET"\n',
        "runit/web/run": `#!/bin/bash
trap 'echo web drains; sleep $GRACE & wait $!; echo web is done; exit 0' TERM
echo "web has $SECRET"
while :; do sleep 1000 & wait $!; done
`,
        "app-cli": '#!/bin/sh\necho "cli $* $SECRET"\n[ "$1" != fail ] || exit 3\n',
      },
    );
    const container = await startContainer(t, { image: name });
    await container.waitForLog("web has s3cr3t");
    const tookMs = await container.stop({ graceSeconds: 60 });
    assert.ok(tookMs >= 11_000, `it had its time: ${tookMs} ms`);
    assert.equal(await container.exitCode(), 0);
    assert.match((await container.logs()).stdout, /closing with s3cr3t\nweb drains\nweb is done\n$/);

    const env = { GRACE: "0" };
    const done = await runContainer(t, { image: name, env, command: ["app-cli", "users", "--all"] });
    assert.equal(done.status, 0);
    assert.match(done.stdout, /^cli users --all s3cr3t$/m);
    const failed = await runContainer(t, { image: name, env, command: ["--quiet", "--", "app-cli", "fail"] });
    assert.equal(failed.status, 3);
  });

  test("as passenger-docker: services switched off and on, control/t, sv in a service, setuser in the build", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:noble-1.0.2
COPY . /pd_build
RUN /pd_build/install.sh
USER root
WORKDIR /home/app
RUN rm -f /etc/service/web/down
RUN setuser app sh -c 'echo "$(id -un) $HOME $USER" > ~/built'
CMD ["/sbin/my_init"]
`,
      {
        "install.sh": `#!/bin/bash
set -ex
source /bd_build/buildconfig
export HOME=/root
apt-get update
$minimal_apt_get_install netcat-openbsd
addgroup --gid 9999 app
adduser --uid 9999 --gid 9999 --disabled-password --gecos "Application" app
usermod -L app
mkdir -p /home/app/.ssh
chown app:app /home/app/.ssh
usermod -a -G docker_env app
mkdir -p /etc/service/web/control
cp /pd_build/web.sh /etc/service/web/run
cp /pd_build/control-t.sh /etc/service/web/control/t
touch /etc/service/web/down
mkdir /etc/service/cache
cp /pd_build/cache.sh /etc/service/cache/run
touch /etc/service/cache/down
mkdir /etc/service/web-log-forwarder
cp /pd_build/forwarder.sh /etc/service/web-log-forwarder/run
cp /pd_build/presetup.sh /etc/my_init.d/30_presetup_web.sh
/bd_build/cleanup.sh
rm -rf /pd_build
`,
        "web.sh":
          "#!/bin/bash\nset -e\ntrap 'echo web ends gracefully; exit 0' QUIT\ntrap 'echo web was cut off; exit 1' TERM\necho web is up\nwhile :; do sleep 1000 & wait $!; done\n",
        "control-t.sh": '#!/bin/bash\nset -e\nkill -QUIT "$(cat /etc/service/web/supervise/pid)"\n',
        "cache.sh": "#!/bin/sh\nexec sleep 1000\n",
        "forwarder.sh": "#!/bin/bash\nset -e\nsv start web\nexec tail -F /var/log/web.log 2> /dev/null\n",
        "presetup.sh":
          '#!/bin/bash\nset -e\n[ -z "$PASSENGER_APP_ENV" ] || echo -n "$PASSENGER_APP_ENV" > /etc/container_environment/RAILS_ENV\n',
      },
    );
    const container = await startContainer(t, { image: name, env: { PASSENGER_APP_ENV: "staging" } });
    await container.waitForLog("web is up");
    assert.equal(await container.sh("cat /home/app/built"), "app /home/app app\n");
    assert.equal(await container.sh("find /tmp /var/tmp /var/lib/apt/lists -type f; ls -d /pd_build || true"), "");
    assert.equal(await container.sh("su - app -c 'echo $RAILS_ENV'"), "staging\n");
    await container.until("sv status cache");
    assert.match(await container.sh("sv status cache; sv status web"), /^down: cache: [^]*^run: web: /m);
    await container.sh(
      "rm /etc/service/cache/down; sv start cache; sv restart web; echo forwarded >> /var/log/web.log",
    );
    await container.waitForLog("forwarded");
    await stopsWell(container);
    assert.doesNotMatch((await container.logs()).stdout, /cut off/);
    assert.equal((await container.logs()).stdout.match(/web ends gracefully/g)?.length, 2);
  });

  test("today: install_clean, en_US, an init directory of its own, a shutdown script", async (t) => {
    const name = await dropIn(
      t,
      `ARG BASE_VERSION=unused
FROM phusion/baseimage:noble-1.0.2
LABEL org.opencontainers.image.title=app
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
ENV LC_ALL=en_US.UTF-8 LANG=en_US.UTF-8 LANGUAGE=en_US:en TZ=Europe/Berlin
ENV ENV_INIT_DIRECTORY=/srv/init
RUN install_clean tzdata netcat-openbsd && ln -snf /usr/share/zoneinfo/$TZ /etc/localtime && echo $TZ > /etc/timezone
COPY --chown=root:root first.sh /srv/init/first.sh
COPY last.sh /etc/my_init.post_shutdown.d/90_last.sh
COPY app.sh /etc/service/app/run
RUN apt-get update && apt-get upgrade -y -o Dpkg::Options::="--force-confold" && apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/* /var/tmp/*
HEALTHCHECK --interval=1s CMD sv status app | grep -q ^run
STOPSIGNAL SIGTERM
CMD ["/sbin/my_init"]
`,
      {
        "first.sh":
          "#!/bin/bash\nset -euo pipefail\necho -n 3000 > /etc/container_environment/PORT\nrm -f /etc/container_environment/SECRET\n",
        "last.sh": "#!/bin/sh\necho 'all services are down'\nlogger 'and the log is still there'\n",
        "app.sh":
          '#!/bin/bash\nexec 2>&1\nlocale | head -n 1\necho "port $PORT ${SECRET:-no secret} $(date +%Z)"\nexec nc -lk $PORT\n',
      },
    );
    const container = await startContainer(t, { image: name, env: { SECRET: "x" } });
    await container.waitForLog(/port 3000 no secret CES?T/);
    assert.match((await container.logs()).stdout, /^LANG=en_US.UTF-8$/m);
    assert.doesNotMatch((await container.logs()).stdout, /[Cc]annot/);
    await stopsWell(container);
    assert.match((await container.logs()).stdout, /^all services are down\n.* root: and the log is still there$/m);
  });

  test("lines that expect a whole system: directories in /run, locales, apt's old files and programs", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:jammy-1.0.1
COPY archive/ /srv/archive/
COPY key.asc /tmp/
RUN echo "$(cat /etc/timezone) $(lsb_release -is) $(lsb_release -cs)" > /srv/release
RUN sed -i 's/^# *\\(de_DE.UTF-8\\)/\\1/' /etc/locale.gen && apt-get update && locale-gen && locale-gen fr_FR.UTF-8 && \\
    apt-get install -y memcached lsb-release && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN echo de_DE.UTF-8 > /etc/container_environment/LANG; userdel -r ubuntu || true
RUN sed -i 's|http://archive|http://mirror|' /etc/apt/sources.list && \\
    echo "deb file:/srv/archive ./" >> /etc/apt/sources.list && ! apt-get update -o Dir::Etc::sourceparts=- && \\
    cat /tmp/key.asc | apt-key add - && apt-get update -o Dir::Etc::sourceparts=- && \\
    rm /etc/apt/trusted.gpg.d/apt-key-* && ! apt-get update -o Dir::Etc::sourceparts=- -o APT::Update::Error-Mode=any && \\
    apt-key add /tmp/key.asc && apt-get update -o Dir::Etc::sourceparts=- -o APT::Update::Error-Mode=any && \\
    ! { echo "<html>404</html>" | apt-key add -; }
`,
      { "key.asc": PUBLIC_KEY, "archive/InRelease": IN_RELEASE, "archive/Packages": "" },
    );
    const questions =
      "stat -c '%A %U %n' /run/memcached; LC_ALL=fr_FR.UTF-8 date -d 2026-02-01 +%B; date -d 2026-02-01 +%B";
    for (const args of [[], ["--read-only", "--tmpfs", "/run", "--tmpfs", "/tmp"]]) {
      const command = ["my_init", "--", "sh", "-c", questions];
      const { stdout, stderr, status } = await runContainer(t, { image: name, args, command });
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stderr, /tmpfiles/);
      assert.equal(stdout, "drwxr-xr-x memcache /run/memcached\nfévrier\nFebruar\n");
    }
    const facts = "echo $(cat /etc/timezone) $(lsb_release -is) $(lsb_release -cs); cat /srv/release";
    const packages = "dpkg --audit; dpkg --verify locales lsb-release";
    const rest = await runContainer(t, { image: name, command: ["sh", "-c", `${facts}; ${packages}`] });
    // The package's lsb_release has the last word.
    const [expected = "", printed, ...complaints] = rest.stdout.split("\n");
    assert.match(expected, /^Etc\/UTC \w+ \w+$/);
    assert.equal(printed, expected);
    assert.deepEqual(complaints, [""]);
  });

  test("as many readers of the README do: my_init in front of a command", async (t) => {
    const name = await dropIn(
      t,
      `FROM phusion/baseimage:focal-1.2.0\nRUN echo web > /etc/container_environment/ROLE\nUSER root\n`,
    );
    for (const command of [
      ["/sbin/my_init", "--skip-startup-files", "--quiet", "--", "printenv", "ROLE"],
      ["/sbin/my_init", "--quiet", "--", "bash", "-l", "-c", "printenv ROLE"],
      [
        "/sbin/my_init",
        "--quiet",
        "--skip-runit",
        "--no-kill-all-on-exit",
        "--",
        "/sbin/setuser",
        "nobody",
        "printenv",
        "ROLE",
      ],
    ]) {
      const { status, stdout, stderr } = await runContainer(t, { image: name, command });
      assert.deepEqual([status, stdout, stderr], [0, "web\n", ""], command.join(" "));
    }
  });
});
