/** The path that a libc reads names from. */
export const ORIGINAL_PATH = "/etc/hosts";

/**
 * The path that replaces it. It is as long, so that nothing moves, and has the same end: a linker may use the end of a
 * string for another string ("hosts", the name of the database).
 */
export const REPLACED_PATH = "/cte/hosts";

/** How a library contains the path of the hosts file. */
export type HostsPath =
  | { readonly kind: "original"; readonly at: number }
  | { readonly kind: "replaced" }
  | { readonly kind: "absent" }
  | { readonly kind: "unclear"; readonly why: string };

/** Looks for the path as C has it, a NUL byte before and after: `/etc/hosts.equiv` is another. */
export function findHostsPath(library: string): HostsPath {
  if (!library.startsWith("\x7fELF")) return { kind: "unclear", why: "it is no ELF file" };
  const original = placesOf(library, ORIGINAL_PATH);
  const replaced = placesOf(library, REPLACED_PATH);
  const places = [...original, ...replaced];
  const [at] = original;
  if (places.length > 1) return { kind: "unclear", why: `it holds the path of the hosts file ${places.length} times` };
  if (places.some((place) => library[place - 1] !== "\0")) {
    return { kind: "unclear", why: "the path of the hosts file is part of another text in it" };
  }
  if (at !== undefined) return { kind: "original", at };
  return { kind: replaced.length > 0 ? "replaced" : "absent" };
}

/** The library with the path at `at` replaced. */
export function withReplacedPath(library: string, at: number): string {
  return library.slice(0, at) + REPLACED_PATH + library.slice(at + ORIGINAL_PATH.length);
}

function placesOf(library: string, path: string): number[] {
  const places: number[] = [];
  const text = `${path}\0`;
  for (let at = library.indexOf(text); at >= 0; at = library.indexOf(text, at + 1)) places.push(at);
  return places;
}
