import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRestart } from "./restart.ts";
import { wordLines } from "./service-file.ts";

/** `on-failure delay 1000-30000 give-up 5/60000`; or the line and the reason. */
function parsed(text: string): string {
  const answer = parseRestart(wordLines(text));
  if (answer.kind === "bad-line") return `${answer.line}: ${answer.reason}`;
  const { delay, giveUp, policy } = answer.value;
  const delayed = delay === undefined ? "" : ` delay ${delay.firstMs}-${delay.mostMs}`;
  return `${policy}${delayed}${giveUp === undefined ? "" : ` give-up ${giveUp.ends}/${giveUp.withinMs}`}`;
}

test("each rule is a line, in any order, and what is not said is runit's", () => {
  assert.equal(parsed(""), "always");
  assert.equal(parsed("policy always"), "always");
  assert.equal(parsed("policy on-failure\n"), "on-failure");
  assert.equal(parsed("policy never"), "never");
  assert.equal(parsed("give-up 5 60\npolicy on-failure\ndelay 1 30\n"), "on-failure delay 1000-30000 give-up 5/60000");
  assert.equal(parsed("delay 7"), "always delay 7000-7000");
});

test("blanks, comments and Windows line ends are ignored", () => {
  assert.equal(parsed("# rules\r\n\r\n  delay\t2   4  # seconds\r\n"), "always delay 2000-4000");
});

test("the first bad line is named", () => {
  assert.equal(parsed("policy"), '1: "" is no policy');
  assert.equal(parsed("\npolicy sometimes"), '2: "sometimes" is no policy');
  assert.equal(parsed("policy never again"), '1: "never again" is no policy');
  assert.equal(parsed("Policy never"), '1: "Policy" is no rule');
  assert.equal(parsed("delay 1\ndelay 2"), '2: it has "delay" again');
  const numbers = "has other words than whole numbers from 1 to 999999999";
  for (const words of ["delay", "delay 0", "delay -1", "delay 1.5", "delay 1s", "delay 1 2 3", "delay 1 x"]) {
    assert.equal(parsed(words), `1: "${words}" ${numbers}`);
  }
  for (const words of [
    "give-up 5",
    "give-up",
    "give-up 0 60",
    "give-up 5 0",
    "give-up 5 60 70",
    "give-up 9999999999 1",
  ]) {
    assert.equal(parsed(words), `1: "${words}" ${numbers}`);
  }
  assert.equal(parsed("delay 30 1"), "1: the longest delay, 1 s, is shorter than the first, 30 s");
  assert.equal(parsed("give-up 101 60"), "1: 101 is too many ends, 100 at most");
  assert.equal(parsed("give-up 100 60"), "always give-up 100/60000");
});
