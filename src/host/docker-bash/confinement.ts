/** A set of capabilities: two words of 32 bits, as in the kernel. @see capabilities(7) */
export interface CapabilitySet {
  readonly low: number;
  readonly high: number;
}

/** The part of a process's confinement that is in /proc/PID/status. @see proc_pid_status(5) */
export interface Confinement {
  /** No program that the process starts can have more. */
  readonly bounding: CapabilitySet;
  readonly inheritable: CapabilitySet;
  readonly hasNoNewPrivileges: boolean;
  /** Whether it has filters of system calls. */
  readonly hasFilter: boolean;
  readonly umask: number;
}

/** The highest number of a capability. */
export const LAST_CAPABILITY = 63;

/** Permission to signal processes of other users. */
export const CAP_KILL = 5;

/** Reads /proc/PID/status; undefined if it has no sets of capabilities. */
export function readConfinement(status: string): Confinement | undefined {
  const fields = new Map(
    status.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
  );
  const bounding = readSet(fields.get("CapBnd"));
  const inheritable = readSet(fields.get("CapInh"));
  if (bounding === undefined || inheritable === undefined) return undefined;
  const umask = Number(`0o${fields.get("Umask") ?? "0022"}`);
  return {
    bounding,
    inheritable,
    hasNoNewPrivileges: fields.get("NoNewPrivs") === "1",
    hasFilter: fields.get("Seccomp") === "2",
    umask: Number.isNaN(umask) ? 0o022 : umask,
  };
}

function readSet(digits: string | undefined): CapabilitySet | undefined {
  if (digits === undefined || digits.length !== 16) return undefined;
  const [high, low] = [Number(`0x${digits.slice(0, 8)}`), Number(`0x${digits.slice(8)}`)];
  return Number.isNaN(high) || Number.isNaN(low) ? undefined : { low, high };
}

/** Whether the set has the capability of this number. */
export function hasCapability({ low, high }: CapabilitySet, capability: number): boolean {
  return (((capability < 32 ? low : high) >>> (capability % 32)) & 1) === 1;
}

/** The set with one more capability. */
export function withCapability({ low, high }: CapabilitySet, capability: number): CapabilitySet {
  const bit = 1 << (capability % 32);
  return capability < 32 ? { low: (low | bit) >>> 0, high } : { low, high: (high | bit) >>> 0 };
}
