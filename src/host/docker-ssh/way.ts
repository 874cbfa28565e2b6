import { exitStatus } from "../../core/child-end.ts";
import { parseEnviron } from "../../core/container-env.ts";
import { isDirectory } from "../../linux/files.ts";
import type { Container, Engine } from "../engine.ts";
import type { Host } from "../host.ts";
import { NETWORKS_TEMPLATE, type Networks, readNetworks } from "./networks.ts";
import { interfaceFor, readRoutes, readRoutes6 } from "./routes.ts";

/** How ssh reaches sshd. */
export type Way =
  | { readonly by: "address"; readonly address: string; readonly port: number }
  /** Through a process that the engine starts in the container: no network is needed. */
  | { readonly by: "engine"; readonly port: number };

/** What this machine and the engine tell of a container's surroundings. */
export interface Surroundings {
  readonly networks: Networks;
  /** Whether a bridge of this machine leads to the address, and on to this very container. */
  readonly isNear: (address: string) => boolean;
  /** Whether the container's processes are this machine's. */
  readonly isHere: boolean;
  /** The machine that published ports are on, by name or address; undefined: this one, or a virtual one that passes them on. */
  readonly engineHost: string | undefined;
}

/** More than any of the files in /proc that are read here has. */
const MAX_BYTES = 1 << 23;

/** Loopback, and every address of a machine. */
const LOOPBACK = "127.0.0.1";
const ANY: readonly string[] = ["", "0.0.0.0", "::"];

/**
 * Chooses without trying: a connection that is only a test is a line in the container's log.
 *
 * @param port where sshd listens in the container
 * @param isLoopbackOnly whether it does so for the container itself only: nothing from outside gets there
 */
export function chooseWay(
  { networks, isNear, isHere, engineHost }: Surroundings,
  port: number,
  isLoopbackOnly = false,
): Way {
  if (isLoopbackOnly) return { by: "engine", port };
  const near = networks.addresses.find(isNear);
  if (near !== undefined) return { by: "address", address: near, port };
  if (networks.mode === "host" && (isHere || engineHost !== undefined)) {
    return { by: "address", address: engineHost ?? LOOPBACK, port };
  }
  for (const { port: name, address, hostPort } of networks.published) {
    if (name !== `${port}/tcp`) continue;
    if (ANY.includes(address)) return { by: "address", address: engineHost ?? LOOPBACK, port: hostPort };
    const isLoopback = address.startsWith("127.") || address === "::1";
    if (!isLoopback || engineHost === undefined) return { by: "address", address, port: hostPort };
  }
  return { by: "engine", port };
}

/** Asks the engine and this machine. @throws Failure where the engine does not tell */
export function lookAround(host: Host, container: Container): Surroundings {
  const { engine } = container;
  let networks = readNetworks(engine.inspect(container.id, NETWORKS_TEMPLATE));
  const owner = networks.mode.startsWith("container:") ? networks.mode.slice("container:".length) : "";
  if (owner !== "") networks = { ...readNetworks(engine.inspect(owner, NETWORKS_TEMPLATE)), args: networks.args };

  const groups = read(host, `/proc/${container.pid}/cgroup`);
  // A process of some other program may have the number here that the container's has on another machine.
  const isHere = container.pid > 0 && groups.includes(container.id);
  // The networks of an engine without root are its own; another's of this machine may have the same addresses.
  const hasRoot = !groups.includes("/user.slice/");
  const routes = [...readRoutes(read(host, "/proc/net/route")), ...readRoutes6(read(host, "/proc/net/ipv6_route"))];
  return {
    networks,
    isHere,
    isNear: (address) => {
      const network = interfaceFor(address, routes);
      return isHere && hasRoot && network !== undefined && isDirectory(host, `/sys/class/net/${network}/bridge`);
    },
    engineHost: isHere ? undefined : hostOf(endpoint(host, engine)),
  };
}

/** The name in `ssh://user@name:22/path`; undefined for `unix:///path`, which names none. */
export function hostOf(url: string): string | undefined {
  const start = url.indexOf("://");
  if (start < 0 || url.startsWith("unix:") || url.startsWith("npipe:")) return undefined;
  const authority = url.slice(start + 3).split("/")[0] ?? "";
  const name = authority.slice(authority.lastIndexOf("@") + 1);
  const end = name.startsWith("[") ? name.indexOf("]") : name.indexOf(":");
  const bare = name.startsWith("[") ? name.slice(1, Math.max(end, 1)) : end < 0 ? name : name.slice(0, end);
  return bare === "" ? undefined : bare;
}

/** Where the engine's command finds the engine, as a URL; "": where it always is. */
function endpoint(host: Host, engine: Engine): string {
  if (engine.name === "podman") return parseEnviron(host.environ).get("CONTAINER_HOST") ?? "";
  const { end, stdout } = engine.run(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
  return exitStatus(end) === 0 ? stdout.trim() : "";
}

function read(host: Host, path: string): string {
  const content = host.readFile(path, MAX_BYTES, false);
  return typeof content === "string" ? content : "";
}
