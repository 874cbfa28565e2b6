import type { Linux } from "../linux/linux.ts";

const ECHILD = 10;
const EAGAIN = 11;
const ENOENT = 2;

/**
 * Lives the life of a one-shot container once, before the heap is saved (docs/adr/0004-saved-heap.md), with a kernel
 * that does nothing. QuickJS makes much when it is first used (built-in functions, shapes of objects, room for
 * names). The saved heap has it already when a real container starts.
 */
export function warmUp(main: (linux: Linux) => number): void {
  for (const argv of COMMAND_LINES) main(idleKernel(argv));
}

const COMMAND_LINES = [
  ["my_init", "--skip-startup-files", "--skip-runit", "--quiet", "--", "true"],
  ["setuser", "root", "true"],
];

/** A child that ends immediately, two variables, and nothing else. */
function idleKernel(argv: readonly string[]): Linux {
  let children = 0;
  // One function for all methods with the same answer: each function costs a hundred bytes of the saved heap.
  const zero = () => 0;
  const noEntry = () => -ENOENT;
  const stat = () => [0o100755, 0, 0, 0, 0, 0] as const;
  const again = () => -EAGAIN;
  return {
    argv,
    programPath: "",
    environ: ["PATH=/bin:/usr/bin", "HOME=/root", "HOSTNAME=box"],
    spawn: () => ++children,
    startError: zero,
    exec: noEntry,
    waitAny: () => (children > 0 ? [children--, 0] : -ECHILD),
    kill: zero,
    queueSignal: zero,
    pidfdOpen: noEntry,
    pidfdKill: zero,
    becomeSubreaper: zero,
    getPid: () => 2,
    getLimit: () => [1024, 1024],
    setLimit: zero,
    takeSignal: again,
    poll: () => [],
    monotonicMs: zero,
    realtimeMs: zero,
    getEuid: zero,
    setGroups: zero,
    setGid: zero,
    setUid: zero,
    readFile: (path) => (path.startsWith("/etc/container_environment/") ? "en_US" : "root:x:0:0:root:/root:/bin/sh\n"),
    writeFile: zero,
    listDir: (path) => (path === "/etc/container_environment" ? ["LANG", "HOSTNAME"] : []),
    stat,
    lstat: stat,
    access: zero,
    chmod: zero,
    setModified: zero,
    chown: zero,
    rename: zero,
    exchange: zero,
    unlink: zero,
    mkdir: zero,
    rmdir: zero,
    symlink: zero,
    realPath: noEntry,
    readLink: noEntry,
    changeDirectory: zero,
    sync: zero,
    lock: noEntry,
    lockDirectory: noEntry,
    memoryFile: noEntry,
    inotifyOpen: noEntry,
    inotifyAdd: noEntry,
    inotifyRemove: noEntry,
    inotifyRead: again,
    write: (_fd, bytes) => bytes.length,
    openToAppend: noEntry,
    openToWrite: noEntry,
    openToRead: noEntry,
    openToShare: noEntry,
    makeFifo: noEntry,
    read: () => "",
    unread: zero,
    duplicate: zero,
    close: zero,
    isTerminal: () => false,
    getForeground: zero,
    setForeground: zero,
    getGroup: zero,
    getTerminalMode: noEntry,
    setTerminalMode: zero,
    getWindowSize: noEntry,
    frameLines: (lines) => lines,
  };
}
