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
  /** Through a process that the container engine starts in the container, without a network. */
  | { readonly by: "engine"; readonly port: number };

/** A container's surroundings, by this machine and the container engine. */
export interface Surroundings {
  readonly networks: Networks;
  /** Whether a bridge of this machine leads to the address, and the address is this container's. */
  readonly isNear: (address: string) => boolean;
  /** Whether the container's processes are this machine's. */
  readonly isHere: boolean;
  /** Name or address of the machine with the published ports; undefined: this one, or a VM that forwards them. */
  readonly engineHost: string | undefined;
}

/** More than any of these files in /proc has. */
const MAX_BYTES = 1 << 23;

/** Loopback, and the address that means all addresses. */
const LOOPBACK = "127.0.0.1";
const ANY: readonly string[] = ["", "0.0.0.0", "::"];

/**
 * Chooses without a test: a test connection would be a line in the container's log.
 *
 * @param port where sshd listens in the container
 * @param isLoopbackOnly whether it listens on loopback only, which is unreachable from outside
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

/** Asks the container engine and this machine. @throws Failure if the engine does not answer */
export function lookAround(host: Host, container: Container): Surroundings {
  const { engine } = container;
  let networks = readNetworks(engine.inspect(container.id, NETWORKS_TEMPLATE));
  const owner = networks.mode.startsWith("container:") ? networks.mode.slice("container:".length) : "";
  if (owner !== "") networks = { ...readNetworks(engine.inspect(owner, NETWORKS_TEMPLATE)), args: networks.args };

  const groups = read(host, `/proc/${container.pid}/cgroup`);
  // The container may be on another machine, and another process may have its pid here.
  const isHere = container.pid > 0 && groups.includes(container.id);
  // The networks of a rootless container engine are its own; others of this machine may have the same addresses.
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

/** The name in `ssh://user@name:22/path`; undefined for `unix:///path`, which has none. */
export function hostOf(url: string): string | undefined {
  const start = url.indexOf("://");
  if (start < 0 || url.startsWith("unix:") || url.startsWith("npipe:")) return undefined;
  const authority = url.slice(start + 3).split("/")[0] ?? "";
  const name = authority.slice(authority.lastIndexOf("@") + 1);
  const end = name.startsWith("[") ? name.indexOf("]") : name.indexOf(":");
  const bare = name.startsWith("[") ? name.slice(1, Math.max(end, 1)) : end < 0 ? name : name.slice(0, end);
  return bare === "" ? undefined : bare;
}

/** The URL of the container engine; "": the default. */
function endpoint(host: Host, engine: Engine): string {
  if (engine.name === "podman") return parseEnviron(host.environ).get("CONTAINER_HOST") ?? "";
  const { end, stdout } = engine.run(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
  return exitStatus(end) === 0 ? stdout.trim() : "";
}

function read(host: Host, path: string): string {
  const content = host.readFile(path, MAX_BYTES, false);
  return typeof content === "string" ? content : "";
}
