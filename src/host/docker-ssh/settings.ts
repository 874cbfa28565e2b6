import { printable } from "../../core/printable.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { Failure } from "../../linux/sys-error.ts";
import type { Way } from "./way.ts";

/** A keyword of ssh's configuration and its value. @see ssh_config(5) */
export type Setting = readonly [keyword: string, value: string];

/** The input of the settings. */
export interface Target {
  readonly way: Way;
  readonly user: string;
  /** Path of the private key. */
  readonly key: string;
  /** Path of the file of host keys, and the container's name in it. */
  readonly knownHosts: string;
  readonly alias: string;
  /** Path of the container engine's command. */
  readonly engine: string;
  readonly containerId: string;
}

/** Not every ssh can quote a quote or a backslash, and none a variable. @see ssh_config(5), ENVIRONMENT VARIABLES */
const UNQUOTABLE = ['"', "\\", "\n", "${"];

/** ssh's settings for one container. Only host keys read through the container engine are accepted. @throws Failure */
export function settings(target: Target): Setting[] {
  const { way } = target;
  const where: Setting[] =
    way.by === "address"
      ? [["HostName", way.address]]
      : [
          ["HostName", target.alias],
          ["ProxyCommand", proxyCommand(target)],
        ];
  return [
    ...where,
    ["Port", String(way.port)],
    ["User", quoted(target.user)],
    ["IdentityFile", path(target.key)],
    ["IdentitiesOnly", "yes"],
    ["PreferredAuthentications", "publickey"],
    ["StrictHostKeyChecking", "yes"],
    ["HostKeyAlias", target.alias],
    ["UserKnownHostsFile", path(target.knownHosts)],
    ["GlobalKnownHostsFile", "/dev/null"],
    ["CheckHostIP", "no"],
    ["UpdateHostKeys", "no"],
    ["ConnectTimeout", "10"],
    ["LogLevel", "ERROR"],
  ];
}

/**
 * The command line of a ssh that uses only these settings.
 *
 * @param command none: a login shell
 * @param hasTerminal whether a command gets a terminal too
 */
export function sshWords(
  host: string,
  list: readonly Setting[],
  command: readonly string[],
  hasTerminal: boolean,
): string[] {
  const options = list.flatMap(([keyword, value]) => ["-o", `${keyword}=${value}`]);
  const terminal = hasTerminal && command.length > 0 ? ["-t"] : [];
  const line = commandLine(command);
  return ["ssh", "-F", "/dev/null", ...options, ...terminal, "--", host, ...(line === undefined ? [] : [line])];
}

/** The settings as a block of a configuration file. */
export function configBlock(host: string, list: readonly Setting[]): string {
  return [`Host ${host}`, ...list.map(([keyword, value]) => `  ${keyword} ${value}`), ""].join("\n");
}

/**
 * The line for the remote shell. One word is a line, as for ssh. Several words reach the program unchanged: without
 * quotes, ssh would join them and the shell would split them again.
 */
export function commandLine(command: readonly string[]): string | undefined {
  return command.length > 1 ? command.map(shellQuote).join(" ") : command[0];
}

/**
 * Connects its own streams to sshd by two cats and ends both when one ends. bash is the only program in the image that
 * can connect.
 */
function proxyCommand({ engine, containerId, way }: Target): string {
  const join = `exec 3<>/dev/tcp/127.0.0.1/${way.port} 4<&0 || exit; cat <&3 & cat <&4 >&3 & wait -n; kill $(jobs -p) 2>/dev/null`;
  const words = [engine, "exec", "-i", containerId, "bash", "-c", join];
  return words.map(shellQuote).join(" ").replaceAll("%", "%%");
}

/** A path for ssh: `%` begins a token, blanks separate words. @throws Failure if ssh cannot read it */
function path(text: string): string {
  const marks = UNQUOTABLE.filter((mark) => text.includes(mark)).map(printable);
  if (marks.length > 0) {
    const remedy = "set XDG_STATE_HOME to another directory, or name another key with -i KEY";
    throw new Failure(`ssh cannot take the path "${printable(text)}" with ${marks.join(" and ")} in it\n${remedy}`);
  }
  return quoted(text.replaceAll("%", "%%"));
}

function quoted(text: string): string {
  return [" ", "\t", "#", "=", "'"].some((mark) => text.includes(mark)) ? `"${text}"` : text;
}
