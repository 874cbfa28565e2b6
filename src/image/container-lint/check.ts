// Tested by src/image/container-lint/main.test.ts.
import type { Linux } from "../../linux/linux.ts";
import type { Finding } from "./report.ts";

/** Adds a finding. @param line as in {@link Finding} */
export type Add = (level: Finding["level"], path: string, reason: string, line?: number) => void;

/** Looks at a part of the container, and adds what is wrong. */
export type Check = (linux: Linux, add: Add) => void;
