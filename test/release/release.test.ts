// The parts of `make release` that need no image: notes, signatures, the form of the archive, the workflow.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { notesOf } from "../../scripts/release/notes.mjs";
import { ociArchive, sha256 } from "../../scripts/release/oci.mjs";
import { sign } from "../../scripts/release/sign.mjs";
import { readTar, writeTar } from "../../scripts/release/tar.mjs";

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "baseimage-release-"));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test("the notes are the text below the version's heading in CHANGELOG.md", () => {
  const changes = "# Changes\n\n## 1.1.0 (soon)\n\n- New.\n\n## 1.0.0\n\n- First.\n- More.\n";
  assert.equal(notesOf(changes, "1.0.0"), "- First.\n- More.\n");
  assert.equal(notesOf(changes, "1.1.0"), "- New.\n");
  assert.throws(() => notesOf(changes, "1.1"), /no heading "## 1\.1"/);
  assert.ok(notesOf(readFileSync("CHANGELOG.md", "utf8"), readFileSync("VERSION", "utf8").trim()).length > 100);
});

test("a signature by a key of OpenSSH's is verified by ssh-keygen, and not over other content", (t) => {
  const path = directory(t);
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", join(path, "key")]);
  const file = join(path, "SHA256SUMS");
  writeFileSync(file, "sums\n");
  const signature = sign(file, join(path, "key"));
  assert.equal(signature, `${file}.sig`);
  writeFileSync(join(path, "signers"), `me ${readFileSync(join(path, "key.pub"), "utf8")}`);
  const verify = (input: string) =>
    spawnSync("ssh-keygen", ["-Y", "verify", "-n", "file", "-I", "me", "-f", join(path, "signers"), "-s", signature], {
      input,
    }).status;
  assert.equal(verify("sums\n"), 0);
  assert.notEqual(verify("other sums\n"), 0);
  sign(file, join(path, "key")); // again, over the old one
});

test("a signature by a key of gpg's is verified by gpg", (t) => {
  const path = directory(t);
  if (spawnSync("gpg", ["--version"]).status !== 0) {
    t.skip("no gpg here");
    return;
  }
  const before = process.env["GNUPGHOME"];
  process.env["GNUPGHOME"] = path;
  t.after(() => {
    spawnSync("gpgconf", ["--kill", "all"], { env: { ...process.env, GNUPGHOME: path } });
    if (before === undefined) delete process.env["GNUPGHOME"];
    else process.env["GNUPGHOME"] = before;
  });
  const quick = [
    "--batch",
    "--quiet",
    "--passphrase",
    "",
    "--quick-generate-key",
    "test@example.org",
    "ed25519",
    "sign",
  ];
  execFileSync("gpg", quick, { stdio: "pipe" });
  writeFileSync(join(path, "SHA256SUMS"), "sums\n");
  const signature = sign(join(path, "SHA256SUMS"), "test@example.org");
  execFileSync("gpg", ["--batch", "--verify", signature, join(path, "SHA256SUMS")], { stdio: "pipe" });
});

test("an archive of two architectures has one tag for both, every blob under its digest, and the same bytes again", () => {
  const image = (architecture: string) => ({
    config: {
      architecture,
      os: "linux",
      created: "2024-01-01T00:00:00Z",
      config: { Cmd: ["/sbin/my_init"], Hostname: "x" },
    },
    layers: [writeTar([]), writeTar(readTar(writeTar([])))],
    ownLayers: 1,
  });
  const archive = () => ociArchive([image("amd64"), image("arm64")], "baseimage:1.0.0", 1_700_000_000);
  assert.ok(archive().equals(archive()));

  const files = new Map(readTar(archive()).map(({ name, data }) => [name, data]));
  const read = (name: string) => JSON.parse(files.get(name)?.toString() ?? "");
  const blob = ({ digest, size }: { digest: string; size: number }) => {
    const data = files.get(digest.replace(":", "/").replace(/^/, "blobs/"));
    assert.equal(data?.length, size);
    assert.equal(data && sha256(data), digest);
    return data as Buffer;
  };
  const { manifests } = read("index.json");
  assert.equal(manifests.length, 1);
  assert.equal(manifests[0].annotations["org.opencontainers.image.ref.name"], "1.0.0");
  const list = JSON.parse(blob(manifests[0]).toString());
  const platforms = list.manifests.map((each: { platform: object }) => each.platform);
  assert.deepEqual(platforms, [
    { architecture: "amd64", os: "linux" },
    { architecture: "arm64", os: "linux" },
  ]);
  for (const each of list.manifests) {
    const manifest = JSON.parse(blob(each).toString());
    const config = JSON.parse(blob(manifest.config).toString());
    assert.equal(config.architecture, each.platform.architecture);
    assert.equal(config.created, "2023-11-14T22:13:20Z");
    assert.deepEqual(config.config, { Cmd: ["/sbin/my_init"] });
    assert.equal(config.rootfs.diff_ids.length, manifest.layers.length);
    for (const layer of manifest.layers) blob(layer);
  }
});
