import { printable } from "../../core/printable.ts";
import { type Facts, isAuthorized } from "./probe.ts";

/** Whether to try a login. */
export type Readiness =
  | { readonly is: "ready"; readonly port: number }
  /** sshd does not run, but may start soon. */
  | { readonly is: "not-yet"; readonly reason: string; readonly remedy: string }
  | { readonly is: "never"; readonly reason: string; readonly remedy: string };

/** The part of the request that the answer depends on. */
export interface Wish {
  readonly user: string;
  /** Undefined: as in sshd's configuration. */
  readonly port: number | undefined;
  /** `TYPE KEY`; undefined: unknown. */
  readonly publicKey: string | undefined;
  /** Whether it is the published insecure key. */
  readonly isInsecureKey: boolean;
  /** Whether the container was asked to authorize the insecure key, which may take a moment. */
  readonly willBeEnabled: boolean;
  /** The container engine's command and the container's name, for remedies. */
  readonly engine: string;
  readonly container: string;
}

/** sshd's default port. */
const USUAL_PORT = 22;

/** Decides by the facts of the container. After "never", a try would not explain more. */
export function readiness(facts: Facts, wish: Wish): Readiness {
  if (!facts.hasSshd) return never("its image has no sshd", `docker-bash ${wish.container} needs none`);
  const port = wish.port ?? facts.port;
  if (port === undefined && isComing(facts, wish)) {
    const reason = "sshd's configuration cannot be read yet, by sshd -T";
    return { is: "not-yet", reason, remedy: "name its port with -p PORT" };
  }
  if (!facts.listening.includes(port ?? USUAL_PORT)) return whyDown(facts, wish, port ?? USUAL_PORT);
  if (facts.hostKeys.length === 0) {
    const make = `${inside(wish)} /etc/my_init.d/00_regen_ssh_host_keys.sh -f`;
    return never("it has no host key to know its sshd by", `make some: ${make}`);
  }
  if (wish.publicKey !== undefined && facts.isAllAuthorized && !isAuthorized(facts.authorized, wish.publicKey)) {
    return keyUnknown(facts, wish);
  }
  return { is: "ready", port: port ?? USUAL_PORT };
}

function whyDown(facts: Facts, wish: Wish, port: number): Readiness {
  // In its first second it may not listen yet, and another process have its usual port.
  const isUp = facts.service?.status.startsWith("run:") && !facts.service.status.includes(") 0s");
  if (isUp && facts.port !== undefined && facts.listening.includes(facts.port)) {
    const reason = `nothing listens on port ${port}, but sshd on ${facts.port}`;
    return never(reason, `leave -p out, or name -p ${facts.port}`);
  }
  const reason = `sshd is not up, nothing listens on its port ${port}`;
  if (facts.service === undefined) {
    return never(`${reason}, and it is no service there`, `docker-bash ${wish.container} needs none`);
  }
  const start = `start it: ${inside(wish)} sv start sshd`;
  if (isComing(facts, wish)) return { is: "not-yet", reason, remedy: start };
  if (facts.hasRootKey || !facts.hasEnabler) return never(reason, start);
  return never(
    `${reason}, as root has no authorized key`,
    `let the insecure key in: ${inside(wish)} sh -c 'enable_insecure_key && sv start sshd'`,
  );
}

/** Whether runit starts sshd, or will start it. */
function isComing({ service, hasRootKey }: Facts, { willBeEnabled }: Wish): boolean {
  if (service === undefined) return false;
  if (service.status.startsWith("run:")) return true;
  if (service.status.startsWith("down:")) return service.status.includes("want up");
  return willBeEnabled || hasRootKey || !service.isDown;
}

function keyUnknown(facts: Facts, wish: Wish): Readiness {
  const user = printable(wish.user);
  const other = "name one that is with -i KEY";
  if (!wish.isInsecureKey) {
    return never(`this key is not among the authorized keys of ${user}`, `add its public half there, or ${other}`);
  }
  const canEnable = facts.hasEnabler && wish.user === "root";
  const remedy = canEnable ? `let it in: ${inside(wish)} enable_insecure_key; or ${other}` : other;
  return never(`the insecure key is not among the authorized keys of ${user}`, remedy);
}

function inside({ engine, container }: Wish): string {
  return `${engine} exec ${container}`;
}

function never(reason: string, remedy: string): Readiness {
  return { is: "never", reason, remedy };
}
