/**
 * The text for /proc/self/attr/exec that gives the next program the label of another process.
 *
 * @param current content of that process's /proc/PID/attr/current
 * @returns undefined if there is no label
 * @see apparmor(7), selinux(8)
 */
export function labelForExec(current: string): string | undefined {
  const label = untilEnd(current);
  if (label === "" || label === "unconfined" || label === "kernel") return undefined;
  // SELinux: user:role:type:level.
  if (label.split(":").length >= 4 && !label.startsWith(":")) return label;
  // AppArmor: a name and, in parentheses, how it is enforced.
  const mode = label.endsWith(")") ? label.lastIndexOf(" (") : -1;
  return `exec ${mode > 0 ? label.slice(0, mode) : label}`;
}

/** Without the newline or NUL byte at the end. */
function untilEnd(text: string): string {
  let end = text.length;
  while (end > 0 && "\n\0".includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
