import assert from "node:assert/strict";
import { test } from "node:test";
import { describeTool } from "./tool.ts";

test("the usage has a row for each option, the program's own first, in two columns", () => {
  const own = { flag: "--identity", letter: "-i", value: "a value", placeholder: "KEY", help: "log in with KEY" };
  const { usage } = describeTool("docker-x", "Does it.\nTwice.", "say how", [own]);
  assert.equal(
    usage,
    `usage: docker-x [OPTION]... CONTAINER [COMMAND [ARG]...]
Does it.
Twice.

  -i, --identity KEY  log in with KEY
  --engine NAME       docker or podman; otherwise CONTAINER_ENGINE says, or both are asked
  -v, --verbose       say how
  --help              show this text
  --version           show the version
`,
  );
});
