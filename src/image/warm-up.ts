import type { Linux } from "../linux/linux.ts";

const ECHILD = 10;
const EAGAIN = 11;
const ENOENT = 2;

/**
 * Lives the life of a one-shot container once, before the heap is saved (docs/adr/0004-saved-heap.md), with a kernel
 * that does nothing. The engine makes much of what a program needs when it is first asked for (built-in
 * functions, shapes of objects, room for names); so it is there already when a real container starts.
 */
export function warmUp(main: (linux: Linux) => number): void {
  for (const argv of COMMAND_LINES) main(idleKernel(argv));
}

const COMMAND_LINES = [
  ["my_init", "--skip-startup-files", "--skip-runit", "--quiet", "--", "true"],
  ["setuser", "root", "true"],
];

/** A child that is gone as soon as it was started, two variables, and nothing else. */
function idleKernel(argv: readonly string[]): Linux {
  let children = 0;
  return {
    argv,
    environ: ["PATH=/bin:/usr/bin", "HOME=/root", "HOSTNAME=box"],
    spawn: () => ++children,
    startError: () => 0,
    exec: () => -ENOENT,
    waitAny: () => (children > 0 ? [children--, 0] : -ECHILD),
    kill: () => 0,
    queueSignal: () => 0,
    pidfdOpen: () => -ENOENT,
    pidfdKill: () => 0,
    becomeSubreaper: () => 0,
    getPid: () => 2,
    getLimit: () => [1024, 1024],
    setLimit: () => 0,
    takeSignal: () => -EAGAIN,
    poll: () => [],
    monotonicMs: () => 0,
    realtimeMs: () => 0,
    getEuid: () => 0,
    setGroups: () => 0,
    setGid: () => 0,
    setUid: () => 0,
    readFile: (path) => (path.startsWith("/etc/container_environment/") ? "en_US" : "root:x:0:0:root:/root:/bin/sh\n"),
    writeFile: () => 0,
    listDir: (path) => (path === "/etc/container_environment" ? ["LANG", "HOSTNAME"] : []),
    stat: () => [0o100755, 0, 0, 0, 0, 0],
    lstat: () => [0o100755, 0, 0, 0, 0, 0],
    access: () => 0,
    chmod: () => 0,
    setModified: () => 0,
    chown: () => 0,
    rename: () => 0,
    exchange: () => 0,
    unlink: () => 0,
    mkdir: () => 0,
    rmdir: () => 0,
    symlink: () => 0,
    realPath: () => -ENOENT,
    sync: () => 0,
    lock: () => -ENOENT,
    lockDirectory: () => -ENOENT,
    memoryFile: () => -ENOENT,
    inotifyOpen: () => -ENOENT,
    inotifyAdd: () => -ENOENT,
    inotifyRemove: () => -ENOENT,
    inotifyRead: () => -EAGAIN,
    write: (_fd, bytes) => bytes.length,
    openToAppend: () => -ENOENT,
    openToWrite: () => -ENOENT,
    openToRead: () => -ENOENT,
    openToShare: () => -ENOENT,
    makeFifo: () => -ENOENT,
    read: () => "",
    unread: () => 0,
    duplicate: () => 0,
    close: () => 0,
    isTerminal: () => false,
    getForeground: () => 0,
    setForeground: () => 0,
    getGroup: () => 0,
    frameLines: (lines) => lines,
  };
}
