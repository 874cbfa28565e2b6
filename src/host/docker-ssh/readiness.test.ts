import assert from "node:assert/strict";
import { test } from "node:test";
import type { Facts } from "./probe.ts";
import { type Readiness, readiness, type Wish } from "./readiness.ts";

const KEY = "ssh-ed25519 AAAAkey";
const wish: Wish = {
  user: "root",
  port: undefined,
  publicKey: KEY,
  isInsecureKey: true,
  willBeEnabled: false,
  engine: "docker",
  container: "web",
};
/** A container whose sshd is up and knows the key. */
const up: Facts = {
  hasSshd: true,
  service: { isDown: false, status: "run: sshd: (pid 36) 23s" },
  hasEnabler: true,
  port: 22,
  listening: [22, 80],
  loopbackOnly: [],
  hasRootKey: true,
  authorized: [KEY],
  isAllAuthorized: true,
  hostKeys: ["ssh-ed25519 AAAAhost"],
};

/** The answer in one text. */
function summary(answer: Readiness): string {
  return answer.is === "ready" ? `ready: ${answer.port}` : `${answer.is}: ${answer.reason}; ${answer.remedy}`;
}

function assertTells(facts: Partial<Facts>, wanted: Partial<Wish>, ...parts: readonly string[]): void {
  const text = summary(readiness({ ...up, ...facts }, { ...wish, ...wanted }));
  for (const part of parts) assert.ok(text.includes(part), `${part} in: ${text}`);
}

test("a login can be tried where sshd is up, shows a host key and knows the key", () => {
  assert.equal(summary(readiness(up, wish)), "ready: 22");
});

test("an image without sshd is reported", () => {
  assertTells({ hasSshd: false, service: undefined, listening: [] }, {}, "never", "no sshd", "docker-bash web");
});

test("sshd that is down for want of a key: how to let one in", () => {
  const service = { isDown: true, status: "down: sshd: 4s" };
  const facts = { service, listening: [], hasRootKey: false, authorized: [] };
  assertTells(facts, {}, "never", "no authorized key", "docker exec web sh -c 'enable_insecure_key && sv start sshd'");
});

test("sshd that is down although there is a key: how to start it", () => {
  const service = { isDown: false, status: "down: sshd: 4s, normally up" };
  assertTells({ service, listening: [80] }, {}, "never", "docker exec web sv start sshd");
});

test("sshd that is no service cannot be started", () => {
  assertTells({ service: undefined, listening: [] }, {}, "never", "no service", "docker-bash web");
});

test("sshd that is on its way is waited for", () => {
  const notYet = (service: Facts["service"], facts: Partial<Facts> = {}, wanted: Partial<Wish> = {}) =>
    assertTells({ service, listening: [], ...facts }, wanted, "not-yet");
  const early = "fail: sshd: unable to open supervise/ok: file does not exist";
  notYet({ isDown: false, status: "run: sshd: (pid 36) 0s" });
  notYet({ isDown: false, status: "down: sshd: 1s, normally up, want up" });
  notYet({ isDown: true, status: early });
  notYet({ isDown: false, status: early }, { hasRootKey: false });
  notYet({ isDown: true, status: early }, { hasRootKey: false }, { willBeEnabled: true });
  assertTells({ service: { isDown: true, status: early }, listening: [], hasRootKey: false }, {}, "never");
});

test("sshd on another port than the one asked for is not up there", () => {
  assertTells({ service: undefined }, { port: 2222 }, "never", "port 2222");
});

test("sshd that listens on another port than the one asked for is not waited for, once it is up", () => {
  assertTells({}, { port: 99 }, "never: nothing listens on port 99, but sshd on 22; ", "leave -p out, or name -p 22");
  const service = { isDown: false, status: "run: sshd: (pid 36) 0s" };
  assertTells({ service }, { port: 99 }, "not-yet");
  assertTells({ listening: [] }, { port: 99 }, "not-yet");
});

test("its port is known before it is looked for: a neighbour may listen on the usual one", () => {
  assertTells({ port: undefined }, {}, "not-yet", "-p PORT");
  assertTells({ port: undefined }, { port: 80 }, "ready: 80");
  assertTells({ port: undefined, service: undefined }, {}, "ready: 22");
  assertTells({ port: 80 }, {}, "ready: 80");
});

test("without a host key there is nothing to verify by", () => {
  assertTells({ hostKeys: [] }, {}, "never", "host key", "00_regen_ssh_host_keys.sh -f");
});

test("a key that is not authorized is reported before ssh is refused", () => {
  const authorized = ["ssh-ed25519 AAAAother"];
  assertTells({ authorized }, {}, "never", "insecure key", "docker exec web enable_insecure_key", "-i KEY");
  assertTells({ authorized }, { isInsecureKey: false }, "never", "this key", "-i KEY");
  assertTells({ authorized }, { user: "ann" }, "never", "of ann");
  assertTells({ authorized, hasEnabler: false }, {}, "never", "-i KEY");
});

test("where it cannot be known whether the key is authorized, ssh tries", () => {
  assert.equal(summary(readiness({ ...up, authorized: [], isAllAuthorized: false }, wish)), "ready: 22");
  assert.equal(summary(readiness({ ...up, authorized: [] }, { ...wish, publicKey: undefined })), "ready: 22");
});
