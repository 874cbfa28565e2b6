import { wholeNumber } from "../core/args.ts";
import type { Linux } from "../linux/linux.ts";
import { badLine, type ParsedFile, parsedValue, readServiceFile, type WordLine } from "./service-file.ts";

/** The file in the directory of a service that says when it is started again. @see docs/reference/services.md */
export const RESTART = "restart";

/** What the lines of the file may be. */
export const RESTART_FORM = "policy always|on-failure|never, delay SECONDS [SECONDS] or give-up ENDS SECONDS";

const POLICIES = ["always", "on-failure", "never"] as const;

/** The record of ends has to stay small. */
const MAX_ENDS = 100;

/** What a file `restart` says. */
export interface RestartRules {
  readonly policy: (typeof POLICIES)[number];
  /** The time from an end to the next start: the first, and the longest. undefined: runit's own. */
  readonly delay: { readonly firstMs: number; readonly mostMs: number } | undefined;
  /** After so many ends within so long, the service is not started again. */
  readonly giveUp: { readonly ends: number; readonly withinMs: number } | undefined;
}

/** Reads the file `restart` of a service. @returns an errno (above zero): it cannot be read, or is not there */
export function readRestart(linux: Linux, directory: string): ParsedFile<RestartRules> | number {
  return readServiceFile(linux, `${directory}/${RESTART}`, parseRestart);
}

/** The restart rules of a service; undefined: it has none, or its file has a mistake. */
export function restartRulesOf(linux: Linux, directory: string): RestartRules | undefined {
  return parsedValue(readRestart(linux, directory));
}

/** Parses a file `restart`. A rule that it does not have is runit's. @see docs/reference/services.md */
export function parseRestart(lines: readonly WordLine[]): ParsedFile<RestartRules> {
  let rules: RestartRules = { policy: "always", delay: undefined, giveUp: undefined };
  const known: string[] = [];
  for (const { line, words } of lines) {
    const [rule = "", first = "", second, ...more] = words;
    if (known.includes(rule)) return badLine(line, `it has "${rule}" again`);
    known.push(rule);
    if (rule === "policy") {
      const policy = POLICIES.find((each) => each === first);
      if (policy === undefined || second !== undefined) {
        return badLine(line, `"${words.slice(1).join(" ")}" is no policy`);
      }
      rules = { ...rules, policy };
      continue;
    }
    if (rule !== "delay" && rule !== "give-up") return badLine(line, `"${rule}" is no rule`);
    const numbers = [first, second ?? (rule === "delay" ? first : "")].map((word) => wholeNumber(word) ?? 0);
    const [one = 0, other = 0] = numbers;
    if (more.length > 0 || one === 0 || other === 0) {
      return badLine(line, `"${words.join(" ")}" has other words than whole numbers from 1 to 999999999`);
    }
    if (rule === "delay") {
      if (other < one) return badLine(line, `the longest delay, ${other} s, is shorter than the first, ${one} s`);
      rules = { ...rules, delay: { firstMs: one * 1000, mostMs: other * 1000 } };
    } else {
      if (one > MAX_ENDS) return badLine(line, `${one} is too many ends, ${MAX_ENDS} at most`);
      rules = { ...rules, giveUp: { ends: one, withinMs: other * 1000 } };
    }
  }
  return { kind: "ok", value: rules };
}
