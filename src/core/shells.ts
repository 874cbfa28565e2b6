const SHELLS = ["ash", "bash", "busybox", "dash", "ksh", "mksh", "sh", "yash", "zsh"];

/** Whether a process with this first word is a shell. A shell runs a trap only after the program that it waits for has ended. */
export function isShell(word = ""): boolean {
  const name = word.slice(word.lastIndexOf("/") + 1);
  // A login shell's name begins with a dash.
  return SHELLS.includes(name.startsWith("-") ? name.slice(1) : name);
}
