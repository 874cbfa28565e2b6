// The same names are known to my_init, to the PAM module in C and to login shells, and one value to my_init and to the
// Dockerfile. The judges are their sources.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OF_ONE_SESSION, PERSONAL, SET_BY_IMAGE } from "./container-env.ts";

/** The words between these two texts of a file, less quotes and commas. */
function wordsOf(path: string, start: string, end: string): string[] {
  const content = readFileSync(path, "latin1");
  const from = content.indexOf(start) + start.length;
  const between = content.slice(from, content.indexOf(end, from));
  return between.split(/[\s\\",]+/).filter((word) => word !== "");
}

test("the PAM module knows the names that belong to a user or to a session", () => {
  assert.deepEqual(wordsOf("native/pam.c", "of_user[] = {", "};"), PERSONAL);
  assert.deepEqual(wordsOf("native/pam.c", "of_one_session[] = {", "};"), OF_ONE_SESSION);
});

test("login shells know the names that belong to a session", () => {
  const path = "rootfs/base/etc/profile.d/container_environment.sh";
  assert.deepEqual(wordsOf(path, "for baseimage_name in ", "; do"), OF_ONE_SESSION);
});

test("the Dockerfile sets the variables that are known as the image's own, and no other", () => {
  const lines = readFileSync("Dockerfile", "latin1").match(/^ENV .*$/gm);
  assert.deepEqual(
    lines,
    [...SET_BY_IMAGE].map(([name, value]) => `ENV ${name}=${value}`),
  );
});

test("the reference page names each of them", () => {
  const page = readFileSync("docs/reference/environment.md", "latin1");
  for (const name of [...PERSONAL, ...OF_ONE_SESSION]) assert.ok(new RegExp(`[\` ]${name}[\` ]`).test(page), name);
});
