import { printable } from "../core/printable.ts";
import { ERRNO, errorWords } from "./errno.ts";
import { ANY_EXECUTE, fileFacts, isExecutable } from "./files.ts";
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

/** The kernel reads no more of a file to see what it is. @see BINPRM_BUF_SIZE in execve(2) */
const HEAD_BYTES = 256;

/**
 * Says in words why execve(2) refused `path`: `cannot run "PATH": no such interpreter "/bin/bsh" (ENOENT)`.
 * It names what to change where that can be known.
 */
export function execFailure(linux: Linux, path: string, errno: number): string {
  const reason = knownReason(linux, path, errno);
  return reason === undefined
    ? failure("cannot run", path, errno)
    : `cannot run "${printable(path)}": ${reason} (${codeOf(errno)})`;
}

function knownReason(linux: Linux, path: string, errno: number): string | undefined {
  const head = linux.readFile(path, HEAD_BYTES, true);
  const text = typeof head === "number" ? "" : head;
  const line = text.split("\n")[0] ?? "";
  const interpreter = line.startsWith("#!") ? line.slice(2).trim() : undefined;
  if (interpreter !== undefined && line.endsWith("\r")) {
    return "its first line ends as on Windows (CR LF); save it with Unix line ends";
  }
  const name = interpreter?.split(" ")[0]?.split("\t")[0] ?? "";
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
      if (typeof facts === "number") return undefined; // a directory on the way is closed to us
      if (facts.type === "directory") return "is a directory";
      // access(2) says no for both; the mode tells them apart.
      return (facts.mode & ANY_EXECUTE) !== 0
        ? "permission denied; its file system is mounted noexec, or it is another user's"
        : "no permission; make it executable with chmod +x";
    }
    default:
      return undefined;
  }
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
