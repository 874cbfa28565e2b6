import assert from "node:assert/strict";
import { test } from "node:test";
import { dependants, findCycle, type NeedsGraph, parseNeeds } from "./needs.ts";
import { wordLines } from "./service-file.ts";

/** `graph("a b", "b c d")`: a needs b, b needs c and d. */
function graph(...lines: readonly string[]): NeedsGraph {
  return new Map(
    lines.map((line) => {
      const [name = "", ...needs] = line.split(" ");
      return [name, needs.map((service, index) => ({ service, limitSeconds: 60, line: index + 1 }))];
    }),
  );
}

/** `db 60 1`: service, limit, line. */
function parsed(text: string): readonly string[] | string {
  const answer = parseNeeds(wordLines(text));
  if (answer.kind === "bad-line") return `${answer.line}: ${answer.reason}`;
  return answer.value.map(({ service, limitSeconds, line }) => `${service} ${limitSeconds} ${line}`);
}

test("a line is a service, and optionally how long to wait for it", () => {
  assert.deepEqual(parsed("db\ncache 5\n"), ["db 60 1", "cache 5 2"]);
  assert.deepEqual(parsed("db"), ["db 60 1"]);
  assert.deepEqual(parsed(""), []);
});

test("blanks, empty lines, comments and Windows line ends are ignored", () => {
  assert.deepEqual(parsed("# all of them\n\n  db\t7  # slow\r\n\r\n\t\n#cache\nweb\r\n"), ["db 7 3", "web 60 7"]);
});

test("any byte but a blank may be in a name", () => {
  assert.deepEqual(parsed("a#b\n\xff\x00\n"), ["a#b 60 1", "\xff\x00 60 2"]);
});

test("the first bad line is named", () => {
  assert.equal(parsed("db\n\ncache soon\n"), '3: "soon" is no limit in whole seconds, 1 or more');
  for (const limit of ["0", "-1", "1.5", "1e3", "10s", "9999999999"]) {
    assert.equal(parsed(`db ${limit}`), `1: "${limit}" is no limit in whole seconds, 1 or more`);
  }
  assert.equal(parsed("db 5 cache"), "1: it has more than a service and a limit");
  assert.equal(parsed("db\ncache\ndb 5"), '3: it names "db" again');
});

test("a cycle is found wherever it is, and only if there is one", () => {
  assert.deepEqual(findCycle(graph("a b", "b a")), ["a", "b"]);
  assert.deepEqual(findCycle(graph("a a")), ["a"]);
  assert.deepEqual(findCycle(graph("start a", "z", "a z b", "b c", "c z b", "d b")), ["b", "c"]);
  assert.equal(findCycle(graph("a b c", "b c", "c", "d a")), undefined);
  assert.equal(findCycle(graph("a nobody")), undefined);
  assert.equal(findCycle(new Map()), undefined);
});

test("a chain of any length is no cycle until its ends meet", () => {
  const chain = Array.from({ length: 500 }, (_, i) => `s${i} s${i + 1}`);
  assert.equal(findCycle(graph(...chain)), undefined);
  assert.equal(findCycle(graph(...chain, "s500 s0"))?.length, 501);
});

test("each needed service knows the services that need it", () => {
  const all = dependants(graph("web app cache", "app db", "cron db", "db"));
  assert.deepEqual(all.get("db"), ["app", "cron"]);
  assert.deepEqual(all.get("cache"), ["web"]);
  assert.equal(all.get("web"), undefined);
});
