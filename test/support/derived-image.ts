// Images with a few files more: what a Dockerfile of a user adds.
import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { buildImage, image } from "./container.ts";

/**
 * Builds an image with these scripts, path to lines of `sh`, and all of test/fixtures in /fixtures.
 * It is removed when `t` ends.
 */
export function imageWith(t: TestContext, scripts: Readonly<Record<string, string>>): Promise<string> {
  const files = Object.entries(scripts).map(([path, lines]) => [path, `#!/bin/sh\n${lines}\n`] as const);
  const fixtures = ["daemonises", "ignores-term", "leaves-orphans", "prints-signals", "says-goodbye"].map(
    (name) => [`/fixtures/${name}.sh`, readFileSync(`test/fixtures/${name}.sh`, "utf8")] as const,
  );
  // The build has no files beside its Dockerfile, so that the engine may be anywhere.
  const commands = [...files, ...fixtures].map(([path, content]) => {
    const base64 = Buffer.from(content).toString("base64");
    return `mkdir -p ${path.slice(0, path.lastIndexOf("/") + 1)}; echo ${base64} | base64 -d > ${path}; chmod 755 ${path}`;
  });
  return buildImage(t, `FROM ${image}\nRUN set -e; ${commands.join("; ")}\n`);
}
