import assert from "node:assert/strict";
import { test } from "node:test";
import { bareKey, isAuthorized, readFacts } from "./probe.ts";

const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG1";
const LISTENING =
  "socket    0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0";

test("what the probe prints is read", () => {
  const output = [
    "sshd /usr/sbin/sshd",
    "service down",
    "service run",
    "status down: sshd: 1s",
    "enabler /usr/sbin/enable_insecure_key",
    "config port 2222",
    "config authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2",
    "config authorizedkeyscommand none",
    "config trustedusercakeys none",
    "socket   sl  local_address rem_address   st tx_queue rx_queue",
    LISTENING,
    "socket    1: 0100007F:1F90 0100007F:0016 01 00000000:00000000",
    "socket    0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0:0",
    "socket    2: 0100007F:0016 00000000:0000 0A 0:0",
    "socket    3: 0100007F:0050 00000000:0000 0A 0:0",
    "socket    4: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0",
    "root-key # nothing",
    "user-key # a comment",
    `user-key ${ED25519} ann`,
    "user-key ",
    `host-key ${ED25519} root@x`,
    `host-key ${ED25519}`,
    "host-key ",
    "",
  ].join("\n");
  assert.deepEqual(readFacts(output), {
    hasSshd: true,
    service: { isDown: true, status: "down: sshd: 1s" },
    hasEnabler: true,
    port: 2222,
    listening: [22, 80],
    loopbackOnly: [80],
    hasRootKey: false,
    authorized: [`${ED25519} ann`],
    isAllAuthorized: true,
    hostKeys: [ED25519],
  });
});

test("sshd's configuration is read as OpenSSH 10.6 writes it, too", () => {
  const lines = ["Port 2222", "AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2"];
  lines.push("AuthorizedKeysCommand none", "TrustedUserCAKeys none");
  const { port, isAllAuthorized } = readFacts(lines.map((line) => `config ${line}`).join("\n"));
  assert.deepEqual({ port, isAllAuthorized }, { port: 2222, isAllAuthorized: true });
});

test("of a container without anything of sshd nothing is known", () => {
  assert.deepEqual(readFacts("config \n"), {
    hasSshd: false,
    service: undefined,
    hasEnabler: false,
    port: undefined,
    listening: [],
    loopbackOnly: [],
    hasRootKey: false,
    authorized: [],
    isAllAuthorized: false,
    hostKeys: [],
  });
});

test("keys that sshd asks a command or an authority for are not known from files", () => {
  const files = "config authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2";
  const [none, noCa] = ["config authorizedkeyscommand none", "config trustedusercakeys none"];
  const all = (...lines: string[]) => readFacts(lines.join("\n")).isAllAuthorized;
  assert.equal(all(files, none, noCa), true);
  assert.equal(all("config authorizedkeysfile /etc/keys/%u", none, noCa), false);
  assert.equal(all(files, "config authorizedkeyscommand /bin/ask", noCa), false);
  assert.equal(all(files, none, "config trustedusercakeys /etc/ca.pub"), false);
  assert.equal(all(files), false);
});

test("a key is found in its line behind options with blanks, and not by its comment", () => {
  const line = `no-pty,command="echo a b" ${ED25519} ann`;
  assert.equal(isAuthorized([line], ED25519), true);
  assert.equal(isAuthorized(["ssh-ed25519 AAAAother ann"], ED25519), false);
  assert.equal(isAuthorized([], ED25519), false);
});

test("what is no public key gives none", () => {
  assert.deepEqual(bareKey(` ${ED25519} comment here\n`), [ED25519]);
  for (const line of ["", "ssh-ed25519", "Load key: invalid format"]) assert.deepEqual(bareKey(line), []);
  assert.deepEqual(bareKey(`ssh-ed25519 AAAA${"A".repeat(9000)}`), []);
});
