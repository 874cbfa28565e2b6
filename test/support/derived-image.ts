// Images with a few files more: what a Dockerfile of a user adds.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { buildFolder, buildImage, image } from "./container.ts";

/**
 * Builds an image with these scripts, path to lines of `sh`, and all of test/fixtures in /fixtures.
 * It is removed when `t` ends.
 *
 * @param lines more lines of its Dockerfile
 */
export function imageWith(t: TestContext, scripts: Readonly<Record<string, string>>, lines = ""): Promise<string> {
  const files = Object.entries(scripts).map(([path, text]) => [path, `#!/bin/sh\n${text}\n`] as const);
  const fixtures = readdirSync("test/fixtures").map(
    (name) => [`/fixtures/${name}`, readFileSync(`test/fixtures/${name}`, "utf8")] as const,
  );
  // The build has no files beside its Dockerfile, so that the engine may be anywhere.
  const commands = [...files, ...fixtures].map(([path, content]) => {
    const base64 = Buffer.from(content).toString("base64");
    return `mkdir -p ${path.slice(0, path.lastIndexOf("/") + 1)}; echo ${base64} | base64 -d > ${path}; chmod 755 ${path}`;
  });
  // Docker reads no line of more than 64 KiB.
  return buildImage(t, `FROM ${image}\nRUN set -e; ${commands.join("; \\\n")}\n${lines}\n`);
}

/**
 * Builds a Dockerfile written for phusion/baseimage with nothing changed but its FROM line.
 *
 * @param files what lies beside it, name to content; scripts are executable
 */
export async function dropIn(
  t: TestContext,
  dockerfile: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "baseimage-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const from = /^FROM phusion\/baseimage\S*/gm;
  if (!from.test(dockerfile)) throw new Error("a Dockerfile for phusion/baseimage is wanted");
  const all = { ...files, Dockerfile: dockerfile.replace(from, `FROM ${image}`) };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content, { mode: content.startsWith("#!") ? 0o755 : 0o644 });
  }
  return buildFolder(t, folder);
}
