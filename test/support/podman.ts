// Podman beside the container engine under test.
import { execFile, spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { engine, run } from "./container.ts";
import { patient } from "./patience.ts";

/** Options that Podman needs on this machine: limits that an unprivileged machine allows, and no pulling. */
export const podmanOptions = [
  ...["--ulimit=nofile=1024:2048", "--ulimit=nproc=1000:1000"],
  ...["--network=none", "--pull=never"],
];

/** The runtime that is there. */
const runtime = spawnSync("runc", ["--version"]).status === 0 ? ["--runtime", "runc"] : [];

const isInstalled = spawnSync("podman", ["--version"]).status === 0;
const reason = "podman is not installed";
if (!isInstalled && process.env["CI"]) throw new Error(`${reason}: this test must not be skipped here`);

/** Options for `describe`: no test if Podman is not installed. */
export const withPodman = { skip: isInstalled ? (false as const) : reason };

/** Runs podman while the test goes on. */
export function podmanBeside(words: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((done, fail) => {
    const child = execFile("podman", [...runtime, ...words], { timeout: patient(60_000) }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") fail(error);
      else done({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** Runs podman to its end. */
export function podman(words: readonly string[], input?: string): { status: number; stdout: string; stderr: string } {
  const { status, stdout, stderr, error } = spawnSync("podman", [...runtime, ...words], {
    encoding: "utf8",
    timeout: patient(60_000),
    input,
  });
  if (error !== undefined) throw error;
  return { status: status ?? -1, stdout, stderr };
}

/** Copies an image from the container engine to Podman's store, under a name of its own there. @returns the name */
export async function podmanImage(image: string, name: string): Promise<string> {
  await run(["tag", image, name]);
  if (engine !== "podman") {
    const save = spawn(engine, ["save", name], { stdio: ["ignore", "pipe", "inherit"] });
    const load = spawn("podman", ["load", "--quiet"], { stdio: [save.stdout, "ignore", "inherit"] });
    const status = await new Promise((done) => void load.once("close", done));
    if (status !== 0) throw new Error(`${image} does not reach podman`);
  }
  return name;
}

/** Removes the name from both. */
export async function removePodmanImage(name: string): Promise<void> {
  await run(["rmi", name]);
  if (engine !== "podman") podman(["rmi", "--force", name]);
}

/** `podman play kube`, which has no options for limits of processes and files as podmanOptions has. */
export function playKube(words: readonly string[]): { status: number; stdout: string; stderr: string } {
  const isFree = spawnSync("prlimit", ["--nofile=1048576:1048576", "true"]).status === 0;
  const unlimited = isFree ? [] : ["--runtime", resolve("test/support/runtime-without-limits.sh")];
  return podman([...unlimited, "play", "kube", "--network=none", ...words]);
}
