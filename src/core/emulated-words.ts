/** Debian's names for qemu: the kernel then gives the program's path and, after it, its words as they are. */
const KEEPS_FIRST_WORD = "-binfmt-P";

/** As others register them: the program's path stands for its first word. */
const EMULATORS: readonly string[] = ["qemu-aarch64", "qemu-x86_64", "rosetta"];

/**
 * The words that a program was started with, where the kernel started an emulator for it: those of an arm64 image on amd64,
 * say. Of its own words it then sees what it should, and of others' what the kernel made of them.
 *
 * @param words as in /proc/PID/cmdline; without an emulator they are the answer
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
