import { printable } from "../core/printable.ts";
import { ERRNO, errorWords } from "./errno.ts";
import { ANY_EXECUTE, EXECUTE, fileFacts, isExecutable } from "./files.ts";
import type { Linux } from "./linux.ts";
import { failure } from "./sys-error.ts";

/** Machines by the number in an ELF header. @see elf(5), e_machine */
const MACHINES: Readonly<Record<number, string>> = {
  3: "i386",
  8: "mips",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x86-64",
  183: "arm64",
  243: "riscv",
  258: "loongarch",
};

/** The kernel reads this much of a file to find its format. @see BINPRM_BUF_SIZE in execve(2) */
const HEAD_BYTES = 256;

/**
 * Explains why execve(2) refused `path`: `cannot run "PATH": no such interpreter "/bin/bsh" (ENOENT)`.
 * It names the remedy if one is known.
 *
 * @param environ of the program
 */
export function execFailure(linux: Linux, path: string, errno: number, environ = linux.environ): string {
  if (errno === ERRNO.E2BIG) return failure("cannot run", path, errno) + largestVariables(environ);
  return `cannot run "${printable(path)}": ${execReason(linux, path, errno)}`;
}

/** Why execve(2) will refuse `path`, as far as its mode and its first line show that; undefined: it may work. */
export function execFault(linux: Linux, path: string): string | undefined {
  const errno = execRefusal(linux, path);
  return errno === 0 ? undefined : execReason(linux, path, errno);
}

function execReason(linux: Linux, path: string, errno: number): string {
  const reason = knownReason(linux, path, errno);
  return reason === undefined ? errorWords(errno) : `${reason} (${codeOf(errno)})`;
}

function execRefusal(linux: Linux, path: string): number {
  const refused = -linux.access(path, EXECUTE);
  if (refused !== 0) return refused;
  const head = linux.readFile(path, HEAD_BYTES, true);
  if (head === -ERRNO.EISDIR) return ERRNO.EACCES;
  if (typeof head === "number") return 0; // this user may execute it, and not read it
  const { interpreter, isOfWindows, name } = parseHead(head);
  if (isOfWindows) return ERRNO.ENOENT; // the CR belongs to the interpreter's path, or to its argument
  // What is neither text nor ELF may have an interpreter of its own. @see binfmt_misc
  if (interpreter === undefined) return head.includes("\0") || head.startsWith("\x7fELF") ? 0 : ERRNO.ENOEXEC;
  if (name === "") return ERRNO.ENOEXEC;
  return name.startsWith("/") ? -linux.access(name, EXECUTE) : 0;
}

/** Of the first line of a file, if that begins with #!: what follows, and the path of the interpreter. */
function parseHead(head: string) {
  const line = head.split("\n")[0] ?? "";
  const interpreter = line.startsWith("#!") ? line.slice(2).trim() : undefined;
  const isOfWindows = interpreter !== undefined && line.endsWith("\r");
  const name = interpreter?.split(" ")[0]?.split("\t")[0] ?? "";
  return { interpreter, isOfWindows, name };
}

function knownReason(linux: Linux, path: string, errno: number): string | undefined {
  const head = linux.readFile(path, HEAD_BYTES, true);
  const text = typeof head === "number" ? "" : head;
  const { interpreter, isOfWindows, name } = parseHead(text);
  if (isOfWindows) return "its first line ends as on Windows (CR LF); save it with Unix line ends";
  switch (errno) {
    case ERRNO.ENOENT:
      if (interpreter !== undefined) return `no such interpreter "${printable(name)}"`;
      if (text.startsWith("\x7fELF")) return "its dynamic loader is missing; it was built for another system or libc";
      return undefined;
    case ERRNO.ENOEXEC:
      if (text.startsWith("\x7fELF")) return `wrong architecture, it was built for ${machineOf(text)}`;
      if (text === "") return "it is empty";
      if (interpreter === "") return "its first line names no interpreter after #!";
      return "it is no program, and its first line does not begin with #!";
    case ERRNO.EACCES: {
      if (interpreter !== undefined && name !== "" && !isExecutable(linux, name)) {
        return `no permission to execute its interpreter "${printable(name)}"`;
      }
      const facts = fileFacts(linux, path);
      if (typeof facts === "number") return undefined; // no permission to search a directory of the path
      if (facts.type === "directory") return "is a directory";
      // access(2) refuses for both reasons; the mode decides.
      return (facts.mode & ANY_EXECUTE) !== 0
        ? "permission denied; its file system is mounted noexec, or it is another user's"
        : "no permission; make it executable with chmod +x";
    }
    default:
      return undefined;
  }
}

function largestVariables(environ: readonly string[]): string {
  const largest = [...environ].sort((a, b) => b.length - a.length).slice(0, 3);
  const words = largest.map((each) => `${printable(each.split("=")[0]?.slice(0, 64) ?? "")} (${each.length} bytes)`);
  return words.length === 0 ? "" : `; largest variables: ${words.join(", ")}`;
}

function machineOf(elf: string): string {
  const isBigEndian = elf.charCodeAt(5) === 2;
  const [low, high] = [elf.charCodeAt(18), elf.charCodeAt(19)];
  const machine = isBigEndian ? low * 256 + high : high * 256 + low;
  return MACHINES[machine] ?? `machine ${machine}`;
}

function codeOf(errno: number): string {
  const words = errorWords(errno);
  return words.slice(words.lastIndexOf("(") + 1, -1);
}
