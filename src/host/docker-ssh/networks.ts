import { wholeNumber } from "../../core/args.ts";

/** Where a container can be reached, by the container engine. */
export interface Networks {
  /** `host`, `container:ID`, or anything else. */
  readonly mode: string;
  readonly addresses: readonly string[];
  readonly published: readonly Published[];
  /** The words of its first process after the program's, as JSON strings without their quotes. */
  readonly args: readonly string[];
}

/** A port of the container that is also a port of the container engine's machine. */
export interface Published {
  /** `22/tcp`. */
  readonly port: string;
  /** The machine's address that it is bound to; "": all. */
  readonly address: string;
  readonly hostPort: number;
}

/**
 * For the container engine's `inspect`. A missing value prints nothing or `<no value>`. The engines' names for the
 * fields of a published port differ, but not in JSON. An argument may contain anything, also lines that look like ours.
 */
export const NETWORKS_TEMPLATE = [
  "mode {{.HostConfig.NetworkMode}}",
  "{{range $name, $it := .NetworkSettings.Networks}}address {{$it.IPAddress}}",
  "address {{$it.GlobalIPv6Address}}",
  "{{end}}{{range $port, $all := .NetworkSettings.Ports}}{{range $all}}port {{$port}} {{json .}}",
  "{{end}}{{end}}{{range .Args}}arg {{json .}}",
  "{{end}}",
].join("\n");

/** Reads the output of {@link NETWORKS_TEMPLATE}. */
export function readNetworks(lines: string): Networks {
  const rows = lines.split("\n").map((line) => line.split(" "));
  const of = (keyword: string) => rows.filter(([first]) => first === keyword).map(([, ...rest]) => rest);
  return {
    mode: of("mode")[0]?.[0] ?? "",
    addresses: of("address").flatMap(([address = ""]) => (isAddress(address) ? [address] : [])),
    published: of("port").flatMap(([port = "", ...rest]) => {
      const [address, hostPort] = [member(rest.join(" "), "HostIp"), wholeNumber(member(rest.join(" "), "HostPort"))];
      return hostPort === undefined || hostPort === 0 ? [] : [{ port, hostPort, address }];
    }),
    args: of("arg").map((words) => words.join(" ").slice(1, -1)),
  };
}

function isAddress(word: string): boolean {
  return word.includes(".") || word.includes(":");
}

/** The string member `name` of a JSON object; "": none. Addresses and numbers have no escapes. */
function member(object: string, name: string): string {
  const mark = `"${name}":"`;
  const start = object.indexOf(mark);
  if (start < 0) return "";
  const rest = object.slice(start + mark.length);
  return rest.slice(0, rest.indexOf('"'));
}
