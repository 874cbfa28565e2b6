// docker-bash into containers that AppArmor confines, that have a user namespace of their own, and that are privileged.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { type Container, cleanUp, image, run, startContainer } from "../support/container.ts";
import { hostTool, runTool } from "../support/host-tool.ts";
import { until } from "../support/until.ts";

/** What confines a process. Not its filters of system calls: User-mode Linux cannot report those of another process. */
const line = `cat /proc/self/attr/current /proc/self/uid_map /proc/self/gid_map /proc/self/cgroup
  grep -E '^(Cap|NoNewPrivs|Umask|Uid|Gid|Groups)' /proc/self/status
  for kind in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$kind; done
  touch /root/file; stat -c %u:%g /root/file
  mount -t tmpfs tmpfs /mnt 2> /dev/null && echo it can mount`;

/** Runs a program of this machine, which must succeed. */
function must(words: readonly string[], input?: string): void {
  const [file = "", ...rest] = words;
  const { status, stdout, stderr } = spawnSync(file, rest, { encoding: "utf8", input });
  assert.equal(status, 0, `${words.join(" ")}\n${stdout}${stderr}`);
}

/** A profile that denies one thing which docker-default allows. */
const profile = `#include <tunables/global>
profile modern-test flags=(attach_disconnected) {
  file,
  capability,
  network,
  signal,
  ptrace,
  deny /root/** w,
}
`;

const kinds: Readonly<Record<string, { args: readonly string[]; label: string }>> = {
  "Docker's profile": { args: [], label: "docker-default (enforce)" },
  "a profile of one's own": { args: ["--security-opt", "apparmor=modern-test"], label: "modern-test (enforce)" },
  "no profile": { args: ["--security-opt", "apparmor=unconfined"], label: "unconfined" },
  "all privileges": { args: ["--privileged"], label: "unconfined" },
};
test("docker-bash enters as docker exec does", async (t) => {
  must(["apparmor_parser", "--replace"], profile);
  for (const [what, { args, label }] of Object.entries(kinds)) {
    await t.test(`a container with ${what}`, async (t) => {
      const container = await startContainer(t, { args, command: ["sleep", "100000"] });
      const theirs = await container.exec(["sh", "-c", line]);
      const ours = await runTool(t, [hostTool("docker-bash"), container.id, "sh", "-c", line]);
      assert.equal(ours.stdout, theirs.stdout);
      assert.equal(ours.stdout.split("\n")[0], label);
    });
  }
});

/** A second dockerd beside the machine's own, with other options. It ends when `t` ends. */
async function startDockerd(
  t: Parameters<typeof cleanUp>[0],
  name: string,
  options: readonly string[],
): Promise<string> {
  const host = `unix:///run/${name}/docker.sock`;
  const places = [`--data-root=/var/lib/${name}`, `--exec-root=/run/${name}`, `--pidfile=/run/${name}/pid`];
  const namespaces = [`--containerd-namespace=${name}`, `--containerd-plugins-namespace=${name}-plugins`];
  const network = ["--bridge=none", "--iptables=false", "--ip6tables=false"];
  const containerd = "--containerd=/run/containerd/containerd.sock";
  const words = ["dockerd", `--host=${host}`, ...places, ...namespaces, ...network, containerd, ...options];
  must(["mkdir", "-p", `/run/${name}`]);
  // With a network of its own: it would remove the bridge of the other one.
  must(["ip", "netns", "add", name]);
  cleanUp(t, async () => must(["ip", "netns", "delete", name]));
  const inNetwork = ["nsenter", `--net=/run/netns/${name}`, ...words];
  must(["systemd-run", "--unit", name, "--property", "Delegate=yes", ...inNetwork]);
  cleanUp(t, async () => must(["systemctl", "stop", name]));
  const answers = async () => (await run(["version"], { env: { DOCKER_HOST: host } })).status === 0;
  await until(answers, `${name} answers`, 20_000, 200);
  return host;
}

test("with userns-remap", async (t) => {
  const before = process.env["DOCKER_HOST"];
  const host = await startDockerd(t, "remapped", ["--userns-remap=default"]);
  process.env["DOCKER_HOST"] = host;
  cleanUp(t, async () => {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
  });
  must(["sh", "-c", "docker load --quiet --input build/modern/image.tar"]);
  let container: Container | undefined;
  await t.test("the image boots: services, system log, cron, health", async () => {
    container = await startContainer(t, { args: ["--network", "none"], image });
    await container.waitForLog("Runit started as PID");
    await container.until("container_health --wait 20");
    await container.sh("logger a message");
    await container.waitForLog("a message");
    assert.match(await container.sh("sv status cron"), /^run: /);
    assert.match(await container.sh("cat /proc/self/uid_map"), /^ *0 +[1-9]\d+ +65536$/m);
  });
  await t.test("docker-bash enters it as docker exec does", async (t) => {
    assert.ok(container !== undefined);
    const theirs = await container.exec(["sh", "-c", line]);
    const ours = await runTool(t, [hostTool("docker-bash"), container.id, "sh", "-c", line]);
    assert.equal(ours.stdout, theirs.stdout);
  });
  await t.test("docker stop ends it with status 0", async () => {
    await container?.stop();
    assert.equal(await container?.exitCode(), 0);
  });
});
