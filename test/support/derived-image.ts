// Images with a few more files, as a user's Dockerfile adds them.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { buildDirectory, image } from "./container.ts";

/**
 * Builds an image with these scripts, path to lines of `sh`, and all of test/fixtures in /fixtures.
 * It is removed when `t` ends. Directories become root's, 0755, also existing ones: no script goes to /tmp or /root.
 *
 * @param lines more lines of its Dockerfile
 */
export function imageWith(t: TestContext, scripts: Readonly<Record<string, string>>, lines = ""): Promise<string> {
  const files = Object.entries(scripts).map(([path, text]) => [`root${path}`, `#!/bin/sh\n${text}\n`] as const);
  const fixtures = readdirSync("test/fixtures").map(
    (name) => [`root/fixtures/${name}`, readFileSync(`test/fixtures/${name}`, "utf8")] as const,
  );
  // One COPY: a RUN starts a container, which takes longer than all else of the build.
  const dockerfile = `FROM ${image}\nCOPY root/ /\n${lines}\n`;
  return buildFiles(t, dockerfile, [...files, ...fixtures], () => 0o755);
}

/**
 * Builds a Dockerfile written for phusion/baseimage with nothing changed but its FROM line.
 *
 * @param files the files beside it, name to content; scripts are executable
 */
export function dropIn(
  t: TestContext,
  dockerfile: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  return buildWith(t, dockerfile, "phusion/baseimage", files);
}

/** Builds a Dockerfile of our own pages with the image under test in its FROM line. @param files as for dropIn() */
export function ownImage(
  t: TestContext,
  dockerfile: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  return buildWith(t, dockerfile, "baseimage", files);
}

function buildWith(
  t: TestContext,
  dockerfile: string,
  base: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const from = new RegExp(`^FROM ${base}(?::\\S+)?$`, "gm");
  if (!from.test(dockerfile)) throw new Error(`a Dockerfile for ${base} is wanted`);
  const modeOf = (content: string) => (content.startsWith("#!") ? 0o755 : 0o644);
  return buildFiles(t, dockerfile.replace(from, `FROM ${image}`), Object.entries(files), modeOf);
}

async function buildFiles(
  t: TestContext,
  dockerfile: string,
  files: readonly (readonly [name: string, content: string])[],
  modeOf: (content: string) => number,
): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "baseimage-test-"));
  try {
    for (const [name, content] of [["Dockerfile", dockerfile] as const, ...files]) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), content, { mode: modeOf(content) });
    }
    return await buildDirectory(t, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
