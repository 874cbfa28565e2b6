import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { Failure } from "../linux/sys-error.ts";
import { fillOwnHosts, HOSTS_DIRECTORY, OWN_HOSTS } from "./own-hosts.ts";

const EIO = 5;

function container(hosts?: string, own?: string, fault?: (call: string, object: string) => number): FakeLinux {
  const linux = new FakeLinux(fault === undefined ? {} : { fault });
  linux.addDirectory(HOSTS_DIRECTORY);
  if (hosts !== undefined) linux.addFile("/etc/hosts", hosts);
  if (own !== undefined) linux.addFile(OWN_HOSTS, own);
  return linux;
}

test("the copy has the content of /etc/hosts, and every user can read it", () => {
  for (const own of [undefined, "", "127.0.0.1 old\n"]) {
    const linux = container("127.0.0.1 localhost\n", own);
    fillOwnHosts(linux);
    const file = linux.files.get(OWN_HOSTS);
    assert.equal(file?.content, "127.0.0.1 localhost\n");
    assert.equal((file?.mode ?? 0) & 0o777, 0o644);
    assert.deepEqual(
      [...linux.files.keys()].filter((path) => path.startsWith(`${HOSTS_DIRECTORY}/`)),
      [OWN_HOSTS],
    );
  }
});

test("a copy that is right is not written again", () => {
  const linux = container("127.0.0.1 localhost\n", "127.0.0.1 localhost\n", (call) => (call === "writeFile" ? EIO : 0));
  fillOwnHosts(linux);
});

test("without /etc/hosts the copy keeps its content, or is empty", () => {
  const old = container(undefined, "127.0.0.1 old\n");
  fillOwnHosts(old);
  assert.equal(old.files.get(OWN_HOSTS)?.content, "127.0.0.1 old\n");
  const none = container();
  fillOwnHosts(none);
  assert.equal(none.files.get(OWN_HOSTS)?.content, "");
});

test("a file that cannot be read or written is a failure that names it", () => {
  for (const [call, message] of [
    ["readFile", 'cannot read "/etc/hosts": input/output error (EIO)'],
    ["writeFile", `cannot write "${OWN_HOSTS}": input/output error (EIO)`],
  ] as const) {
    const linux = container("127.0.0.1 localhost\n", undefined, (name) => (name === call ? EIO : 0));
    assert.throws(
      () => fillOwnHosts(linux),
      (error: unknown) => error instanceof Failure && error.message === message,
    );
  }
});
