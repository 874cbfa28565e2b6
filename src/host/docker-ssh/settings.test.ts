import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../linux/sys-error.ts";
import { commandLine, configBlock, settings, sshWords, type Target } from "./settings.ts";

const target: Target = {
  way: { by: "address", address: "172.17.0.3", port: 22 },
  user: "root",
  key: "/usr/local/share/baseimage/insecure_key",
  knownHosts: "/home/ann/.local/state/docker-ssh/known_hosts",
  alias: "abc",
  engine: "/usr/bin/docker",
  containerId: "abc",
};

test("the host key must be a known one, in every case", () => {
  for (const way of [target.way, { by: "engine", port: 22 } as const]) {
    const list = new Map(settings({ ...target, way }));
    assert.equal(list.get("StrictHostKeyChecking"), "yes");
    assert.equal(list.get("HostKeyAlias"), "abc");
    assert.equal(list.get("UserKnownHostsFile"), target.knownHosts);
    assert.equal(list.get("GlobalKnownHostsFile"), "/dev/null");
    assert.equal(list.get("IdentitiesOnly"), "yes");
  }
});

test("paths with blanks and percent signs stay what they are", () => {
  const list = new Map(settings({ ...target, key: "/home/a b/100%/key" }));
  assert.equal(list.get("IdentityFile"), '"/home/a b/100%%/key"');
});

test("a path that ssh would take for another is refused", () => {
  const isRefusal = (error: unknown) =>
    error instanceof Failure && error.message.startsWith("ssh cannot take the path ");
  for (const path of ['/home/a"b/key', "/home/a\\b/key", "/home/${USER}/key", "/home/a\nb/key"]) {
    assert.throws(() => settings({ ...target, key: path }), isRefusal, path);
    assert.throws(() => settings({ ...target, knownHosts: path }), isRefusal, path);
  }
});

test("through the engine no address is needed", () => {
  const list = new Map(settings({ ...target, way: { by: "engine", port: 2200 } }));
  const command = list.get("ProxyCommand") ?? "";
  assert.ok(command.startsWith("/usr/bin/docker exec -i abc bash -c 'exec 3<>/dev/tcp/127.0.0.1/2200 "), command);
});

test("ssh reads no other configuration, and neither host nor command as an option", () => {
  const words = sshWords("web", [["Port", "22"]], ["-x"], false);
  assert.deepEqual(words, ["ssh", "-F", "/dev/null", "-o", "Port=22", "--", "web", "-x"]);
});

test("a command gets a terminal where there is one; a login shell asks for it itself", () => {
  assert.ok(sshWords("web", [], ["top"], true).includes("-t"));
  assert.ok(!sshWords("web", [], ["top"], false).includes("-t"));
  assert.ok(!sshWords("web", [], [], true).includes("-t"));
});

test("one word is a line for the shell, several reach the program as they are", () => {
  assert.equal(commandLine([]), undefined);
  assert.equal(commandLine(["cd /app && ls"]), "cd /app && ls");
  assert.equal(commandLine(["echo", "hello", "world"]), "echo hello world");
  assert.equal(commandLine(["sh", "-c", 'echo "a  b"']), `sh -c 'echo "a  b"'`);
  assert.equal(commandLine(["echo", ""]), "echo ''");
});

test("the block for a configuration file names the container", () => {
  assert.equal(configBlock("web", [["Port", "22"]]), "Host web\n  Port 22\n");
});
