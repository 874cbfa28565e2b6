import { isDirectory } from "../linux/files.ts";
import type { Linux } from "../linux/linux.ts";

/** What runsvdir finds in a directory of services, in byte order. Names that begin with a dot count as nothing. */
export interface ServiceList {
  readonly services: readonly string[];
  /** What is no directory: runsvdir ignores it without a message. */
  readonly others: readonly string[];
  /** Why the directory cannot be read; 0: it can. */
  readonly errno: number;
}

/** Lists the services of a directory. @see runsvdir(8) */
export function listServices(linux: Linux, directory: string): ServiceList {
  const answer = linux.listDir(directory);
  if (typeof answer === "number") return { services: [], others: [], errno: -answer };
  const names = answer.filter((name) => !name.startsWith(".")).sort();
  const services = names.filter((name) => isDirectory(linux, `${directory}/${name}`));
  return { services, others: names.filter((name) => !services.includes(name)), errno: 0 };
}
