/** Debian's names for qemu: the kernel passes the program's path and then its unchanged words. */
const KEEPS_FIRST_WORD = "-binfmt-P";

/** Other names of emulators: the kernel replaces the program's first word by its path. */
const EMULATORS: readonly string[] = ["qemu-aarch64", "qemu-x86_64", "rosetta"];

/**
 * The words that a program was started with, if the kernel started an emulator for it: for an arm64 image on amd64, for
 * example. A program sees its own words unchanged; in /proc, other programs' words include the emulator's.
 *
 * @param words as in /proc/PID/cmdline; without an emulator they are returned unchanged
 * @see binfmt_misc in the kernel's admin guide, flag P
 */
export function withoutEmulator(words: readonly string[]): readonly string[] {
  const [emulator = "", program = ""] = words;
  if (!program.includes("/")) return words; // runsv starts "./run"
  const name = emulator.slice(emulator.lastIndexOf("/") + 1);
  if (name.endsWith(KEEPS_FIRST_WORD)) return words.slice(2);
  return EMULATORS.some((each) => name === each || name === `${each}-static` || name === `buildkit-${each}`)
    ? words.slice(1)
    : words;
}
