import type { LogFormat } from "../../../container/log-line.ts";
import type { Environment } from "../../../core/container-env.ts";
import { printable } from "../../../core/printable.ts";

/**
 * Reads from the environment how log lines are to look: `LOG_FORMAT=json`, else `LOG_PREFIX=yes`.
 *
 * @param warn called for each value that means nothing; the default stands then
 */
export function readLogFormat(env: Environment, warn: (message: string) => void): LogFormat {
  const isChosen = (name: string, yes: string, no: string): boolean => {
    const value = env.get(name) ?? "";
    if (value === yes) return true;
    if (value !== no && value !== "") {
      warn(`${name} is "${printable(value)}", which is neither ${yes} nor ${no}; the default stands`);
    }
    return false;
  };
  const hasPrefix = isChosen("LOG_PREFIX", "yes", "no");
  if (isChosen("LOG_FORMAT", "json", "text")) return "json";
  return hasPrefix ? "prefix" : "plain";
}
