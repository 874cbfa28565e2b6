import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux, type FakeOptions } from "../../../test/support/fake-linux.ts";
import { main } from "./main.ts";

const DIRECTORY = "/etc/workaround-docker-2267";

/** A container with a startup script and a command that note what names there are. */
function container(options: FakeOptions = {}): { linux: FakeLinux; seen: string[] } {
  const linux = new FakeLinux({ argv: ["my_init", "--skip-runit", "--quiet", "--", "/bin/look"], ...options });
  const seen: string[] = [];
  const look = (self: { after(ms: number, act: () => void): void; exit(code: number): void }) => {
    seen.push(linux.files.has(`${DIRECTORY}/hosts`) ? linux.content(`${DIRECTORY}/hosts`) : "none");
    self.after(1, () => self.exit(0));
  };
  linux.addDirectory("/etc/my_init.d");
  linux.addProgram("/etc/my_init.d/10_look", look);
  linux.addProgram("/bin/look", look);
  linux.addFile("/etc/hosts", "172.17.0.2 box\n");
  return { linux, seen };
}

test("my_init copies /etc/hosts before the first startup script, at every boot, whatever was there", () => {
  for (const old of [undefined, "172.17.0.9 box\n10.0.0.1 edited\n"]) {
    const { linux, seen } = container();
    linux.addDirectory(DIRECTORY);
    if (old !== undefined) linux.addFile(`${DIRECTORY}/hosts`, old, { mode: 0o640, gid: 7 });
    assert.equal(main(linux), 0);
    assert.deepEqual(seen, ["172.17.0.2 box\n", "172.17.0.2 box\n"]);
    assert.equal(linux.files.has(`${DIRECTORY}/.hosts.new`), false);
    const { mode = 0, gid } = linux.files.get(`${DIRECTORY}/hosts`) ?? {};
    assert.deepEqual([mode & 0o777, gid], old === undefined ? [0o644, 0] : [0o640, 7]);
  }
});

test("a list that is right already is not written", () => {
  const { linux } = container({
    fault: (call, object) => (call === "writeFile" && object.startsWith(DIRECTORY) ? 30 : 0),
  });
  linux.addDirectory(DIRECTORY);
  linux.addFile(`${DIRECTORY}/hosts`, "172.17.0.2 box\n");
  assert.equal(main(linux), 0);
  assert.equal(linux.stderr.text, "");
});

test("without the directory it makes one call and none of its files", () => {
  const calls: string[] = [];
  const { linux, seen } = container({
    fault: (call, object) => {
      if (object.includes("2267") || object === "/etc/hosts") calls.push(call);
      return 0;
    },
  });
  assert.equal(main(linux), 0);
  assert.deepEqual(seen, ["none", "none"]);
  assert.deepEqual(calls, ["stat"]);
});

test("where it cannot be written the boot goes on, after one warning", () => {
  for (const errno of [13, 28, 30]) {
    const { linux, seen } = container({
      fault: (call, object) => (call === "writeFile" && object.startsWith(DIRECTORY) ? errno : 0),
    });
    linux.addDirectory(DIRECTORY);
    linux.addFile(`${DIRECTORY}/hosts`, "old\n");
    assert.equal(main(linux), 0);
    assert.deepEqual(seen, ["old\n", "old\n"]);
    const [line = "", ...rest] = linux.stderr.text.split("\n");
    assert.ok(line.startsWith(`*** cannot write "${DIRECTORY}/hosts": `), line);
    assert.deepEqual(rest, [""]);
  }
});

test("without /etc/hosts the list stays as it is", () => {
  const { linux, seen } = container();
  linux.files.delete("/etc/hosts");
  linux.addDirectory(DIRECTORY);
  linux.addFile(`${DIRECTORY}/hosts`, "old\n");
  assert.equal(main(linux), 0);
  assert.deepEqual(seen, ["old\n", "old\n"]);
  assert.equal(linux.stderr.text, "");
});
