import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeLinux } from "../../test/support/fake-linux.ts";
import { readRule, STOP_SIGNAL, STOP_TIMEOUT, stopFaults } from "./stop-rules.ts";

const WEB = "/etc/service/web";
const SIGNAL_FORM = "write one signal such as QUIT, SIGQUIT, RTMIN+3 or 3";
const TIMEOUT_FORM = "write one whole number of seconds, 1 or more";

/** The service `web` with a file; undefined: a directory of this name. */
function service(name: string, text: string | undefined): FakeLinux {
  const linux = new FakeLinux({});
  for (const path of ["/etc/service", WEB]) linux.addDirectory(path);
  if (text === undefined) linux.addDirectory(`${WEB}/${name}`);
  else linux.addFile(`${WEB}/${name}`, text);
  return linux;
}

/** The value of a file, or its fault. */
function read(file: typeof STOP_SIGNAL, text: string | undefined): number | string | undefined {
  const linux = service(file.name, text);
  const [fault, ...more] = stopFaults(linux, WEB);
  assert.deepEqual(more, []);
  const value = readRule(linux, WEB, file);
  if (fault === undefined) return value;
  assert.equal(value, undefined, "a file with a mistake has no effect");
  assert.equal(fault.path, `${WEB}/${file.name}`);
  return `${fault.line ?? "-"}: ${fault.reason}`;
}

test("a signal has a name, with or without SIG, or a number", () => {
  for (const [text, number] of [
    ["QUIT", 3],
    ["SIGQUIT\n", 3],
    ["3", 3],
    ["KILL", 9],
    ["SIGRTMIN", 34],
    ["RTMIN+3", 37],
    ["1", 1],
    ["64", 64],
  ] as const) {
    assert.equal(read(STOP_SIGNAL, text), number, text);
  }
});

test("a time limit is a whole number of seconds", () => {
  assert.equal(read(STOP_TIMEOUT, "1"), 1);
  assert.equal(read(STOP_TIMEOUT, "3600"), 3600);
});

test("blanks, empty lines, comments and Windows line ends are ignored", () => {
  assert.equal(read(STOP_SIGNAL, "# php-fpm\r\n\r\n\tQUIT  # let requests end\r\n"), 3);
  assert.equal(read(STOP_TIMEOUT, "\n 20 # seconds\r\n"), 20);
});

test("any other word is a mistake; STOP would not end the service", () => {
  for (const word of ["QUITT", "quit", "SIG", "SIG3", "0", "65", "-3", "RTMIN+31", "STOP", "SIGSTOP", "19"]) {
    assert.equal(read(STOP_SIGNAL, word), `1: "${word}" is no signal that can end a service; ${SIGNAL_FORM}`);
  }
  for (const word of ["0", "-1", "1.5", "10s", "1e3", "9999999999", "soon"]) {
    assert.equal(read(STOP_TIMEOUT, `\n${word}`), `2: "${word}" is no time limit; ${TIMEOUT_FORM}`);
  }
});

test("so is any other number of words", () => {
  assert.equal(read(STOP_SIGNAL, "QUIT TERM"), `1: "QUIT TERM" is no signal that can end a service; ${SIGNAL_FORM}`);
  assert.equal(read(STOP_SIGNAL, "\nQUIT\n\nTERM\n"), `4: it has more than one word; ${SIGNAL_FORM}`);
  for (const text of ["", "\n", "# 3\n"]) {
    assert.equal(read(STOP_SIGNAL, text), `1: "" is no signal that can end a service; ${SIGNAL_FORM}`);
    assert.equal(read(STOP_TIMEOUT, text), `1: "" is no time limit; ${TIMEOUT_FORM}`);
  }
});

test("so is what is no file, but not a missing one", () => {
  const fault = read(STOP_SIGNAL, undefined);
  assert.ok(
    typeof fault === "string" && fault.startsWith("-: is a directory (EISDIR); it has to be a file"),
    `${fault}`,
  );
  const none = service("run", "");
  assert.deepEqual(stopFaults(none, WEB), []);
  assert.equal(readRule(none, WEB, STOP_SIGNAL), undefined);
});
