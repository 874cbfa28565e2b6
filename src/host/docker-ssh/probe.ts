import { wholeNumber } from "../../core/args.ts";

/** The state of sshd in the container. */
export interface Facts {
  readonly hasSshd: boolean;
  /** runit's service; undefined: there is none of this name. */
  readonly service: Service | undefined;
  /** Whether `enable_insecure_key` exists. */
  readonly hasEnabler: boolean;
  /** The port in sshd's configuration; undefined: it cannot be read before sshd's first start. */
  readonly port: number | undefined;
  /** Ports that any process listens on. */
  readonly listening: readonly number[];
  /** The listening ports that only the container itself can reach. */
  readonly loopbackOnly: readonly number[];
  /** Whether root has an authorized key: without one sshd does not start. */
  readonly hasRootKey: boolean;
  /** Lines of the user's files of authorized keys. */
  readonly authorized: readonly string[];
  /** Whether sshd reads no other lines. */
  readonly isAllAuthorized: boolean;
  /** `TYPE KEY` of each host key, public halves. */
  readonly hostKeys: readonly string[];
}

/** @see runsv(8), sv(8) */
export interface Service {
  /** Whether it has a file `down`. */
  readonly isDown: boolean;
  /** The output of `sv status`, or "". */
  readonly status: string;
}

/**
 * Prints a line `KEYWORD TEXT` for each fact; `$1` is the user. A file may lack its last newline, therefore `echo`.
 * sshd prints no configuration without a readable host key, nor if it needs more facts (Match LocalPort). The public
 * key is computed from the private key: the file beside it may be missing or belong to another key.
 */
export const PROBE = `
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
label() { sed "s/^/$1 /"; }
sshd=$(command -v sshd) && echo "sshd $sshd"
if [ -d /etc/service/sshd ]; then
  { echo is there; [ ! -e /etc/service/sshd/down ] || echo down; } | label service
  sv status sshd 2>&1 | label status
fi
command -v enable_insecure_key | label enabler
with=
for key in /etc/ssh/ssh_host_*_key /run/sshd/ssh_host_*_key; do
  if [ -e "$key" ]; then with="$with -h $key"; fi
done
config=$("$sshd" -T $with -C "user=$1,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22" 2> /dev/null)
echo "$config" | label config
cat /proc/net/tcp /proc/net/tcp6 2> /dev/null | label socket
keys() {
  for file in "$2/.ssh/authorized_keys" "$2/.ssh/authorized_keys2"; do
    cat "$file" 2> /dev/null
    echo
  done | label "$1"
}
while IFS=: read -r name _ _ _ _ home _; do
  [ "$name" != root ] || keys root-key "$home"
  [ "$name" != "$1" ] || keys user-key "$home"
done < /etc/passwd
for key in /etc/ssh/ssh_host_*_key /run/sshd/ssh_host_*_key $(echo "$config" | sed -n 's/^[Hh]ost[Kk]ey //p'); do
  [ -e "$key" ] || continue
  { ssh-keygen -y -f "$key" < /dev/null || cat "$key.pub"; echo; } 2> /dev/null | label host-key
done
exit 0
`;

/** In /proc/net/tcp. @see TCP_LISTEN in tcp_states.h */
const LISTENS = "0A";

/** `::1` there, and the end of `127.0.0.1`: the last of four bytes comes first. */
const LOOPBACK6 = "00000000000000000000000001000000";
const LOOPBACK4 = "7F";

/** No key is longer: the longest RSA key that OpenSSH accepts has 2800 letters. */
const MAX_KEY_LETTERS = 8192;

/** sshd's default. @see sshd_config(5) */
const DEFAULT_FILES = ".ssh/authorized_keys .ssh/authorized_keys2";

/** Reads the output of {@link PROBE}. */
export function readFacts(output: string): Facts {
  const lines = new Map<string, string[]>();
  for (const line of output.split("\n")) {
    const space = line.indexOf(" ");
    const [keyword, text] = space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
    if (text !== "") lines.set(keyword, [...(lines.get(keyword) ?? []), text]);
  }
  const of = (keyword: string) => lines.get(keyword) ?? [];
  const service = lines.has("service")
    ? { isDown: of("service").includes("down"), status: of("status").join("; ") }
    : undefined;
  // OpenSSH 10.6 writes `Port`, older ones `port`.
  const config = new Map(
    of("config")
      .map((line) => cut(line, " "))
      .map(([name, value]) => [name.toLowerCase(), value]),
  );
  const sockets = of("socket").flatMap(listeningSocket);
  const reachable = sockets.filter(({ isLoopback }) => !isLoopback).map(({ port }) => port);
  const listening = [...new Set(sockets.map(({ port }) => port))];
  return {
    hasSshd: lines.has("sshd"),
    service,
    hasEnabler: lines.has("enabler"),
    port: wholeNumber(config.get("port") ?? ""),
    listening,
    loopbackOnly: listening.filter((port) => !reachable.includes(port)),
    hasRootKey: of("root-key").some((line) => isKeyLine(line) && line.includes("AAAA")),
    authorized: of("user-key").filter(isKeyLine),
    isAllAuthorized: looksNowhereElse(config),
    hostKeys: [...new Set(of("host-key").flatMap(bareKey))],
  };
}

function isKeyLine(line: string): boolean {
  return !line.trim().startsWith("#");
}

/** `TYPE KEY` of a line of a file of public keys, without the comment. */
export function bareKey(line: string): readonly string[] {
  const [type, key] = line.trim().split(" ");
  return type !== undefined && key?.startsWith("AAAA") && type.length + key.length <= MAX_KEY_LETTERS
    ? [`${type} ${key}`]
    : [];
}

/** Whether one of these lines authorizes the key `TYPE KEY`. Options before the key may contain blanks. */
export function isAuthorized(lines: readonly string[], publicKey: string): boolean {
  const [, key = ""] = publicKey.split(" ");
  return lines.some((line) => line.split(" ").includes(key));
}

/** A line of /proc/net/tcp: number, local address, remote address, state. */
function listeningSocket(line: string): { readonly port: number; readonly isLoopback: boolean }[] {
  const [, local = "", , state] = line.split(" ").filter((word) => word !== "");
  if (state !== LISTENS) return [];
  const colon = local.indexOf(":");
  const address = local.slice(0, colon);
  const isLoopback = address === LOOPBACK6 || (address.length === 8 && address.endsWith(LOOPBACK4));
  return [{ port: Number.parseInt(local.slice(colon + 1), 16), isLoopback }];
}

function looksNowhereElse(config: ReadonlyMap<string, string>): boolean {
  return (
    config.get("authorizedkeysfile") === DEFAULT_FILES &&
    config.get("authorizedkeyscommand") === "none" &&
    config.get("trustedusercakeys") === "none"
  );
}

function cut(line: string, mark: string): readonly [string, string] {
  const at = line.indexOf(mark);
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
