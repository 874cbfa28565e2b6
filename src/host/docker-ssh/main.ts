// Tested by test/e2e/docker-ssh.test.ts.
import { exitStatus } from "../../core/child-end.ts";
import { parseEnviron } from "../../core/container-env.ts";
import { printable } from "../../core/printable.ts";
import { shellQuote } from "../../core/shell-quote.ts";
import { writeAll } from "../../linux/output.ts";
import { lookupCommand } from "../../linux/path-lookup.ts";
import { attempt, reply, STDERR, STDOUT } from "../../linux/program.ts";
import { Failure, SysError } from "../../linux/sys-error.ts";
import { type Container, findContainer, lastLine } from "../engine.ts";
import type { Host } from "../host.ts";
import { findKey, type Key, usablePath } from "./key.ts";
import { type Login, readCommandLine, TOOL } from "./options.ts";
import { type Facts, PROBE, readFacts } from "./probe.ts";
import { readiness } from "./readiness.ts";
import { configBlock, type Setting, settings, sshWords } from "./settings.ts";
import { StateDirectory } from "./state-directory.ts";
import { chooseWay, lookAround } from "./way.ts";

const NAME = TOOL.name;

/** The exit status without a login, like ssh's. @see ssh(1), EXIT STATUS */
const STATUS_NO_LOGIN = 255;

/** How long sshd may take to start if it is expected to, and how often to check. */
const PATIENCE_MS = 10_000;
const STEP_MS = 100;

/** The program docker-ssh. On success ssh replaces it. @returns its exit status @see docs/reference/docker-ssh.md */
export function main(host: Host): number {
  const request = readCommandLine(host.argv.slice(1));
  if (request.kind !== "log-in") return reply(host, NAME, TOOL.usage, request);
  return attempt(host, NAME, () => logIn(host, request)) === 0 ? 0 : STATUS_NO_LOGIN;
}

/** Executes ssh, or prints the settings. @throws Failure */
function logIn(host: Host, request: Login): number {
  const ssh = lookupCommand(host, "ssh", parseEnviron(host.environ).get("PATH"));
  if (ssh.kind !== "found" && !request.isForConfig) {
    throw new Failure(
      "there is no ssh in PATH\ninstall the OpenSSH client: openssh-client in Debian, openssh-clients in Fedora",
    );
  }
  const key = findKey(host, request.key);
  const container = findContainer(host, request.container, request.engine);
  if (container.status !== "running") throw notRunning(container);

  const around = lookAround(host, container);
  const willBeEnabled = around.networks.args.includes("--enable-insecure-key");
  const { hostKeys, port, isLoopbackOnly } = waitUntilReady(host, container, request, key, willBeEnabled);
  const directory = new StateDirectory(host);
  const list = settings({
    way: chooseWay(around, port, isLoopbackOnly),
    user: request.user,
    key: usablePath(host, key, directory),
    knownHosts: directory.rememberHostKeys(container.id, hostKeys),
    alias: container.id,
    engine: container.engine.file,
    containerId: container.id,
  });
  if (request.isForConfig) return writeAll(host, STDOUT, configBlock(container.name, list)) ? 0 : 1;
  return execSsh(host, ssh.kind === "found" ? ssh.path : "ssh", container, request, list);
}

function notRunning({ engine, name, status }: Container): Failure {
  const act = { paused: "unpause", restarting: "logs" }[status] ?? "start";
  return refusal({ name }, `it is ${status}`, `${engine.name} ${act} ${name}`);
}

/** Waits until sshd runs and accepts the key. @throws Failure if it never will, or after the time limit */
function waitUntilReady(
  host: Host,
  container: Container,
  { user, port }: Login,
  key: Key,
  willBeEnabled: boolean,
): { readonly hostKeys: readonly string[]; readonly port: number; readonly isLoopbackOnly: boolean } {
  const endMs = host.monotonicMs() + PATIENCE_MS;
  for (;;) {
    const facts = lookInto(container, user);
    const answer = readiness(facts, {
      user,
      port,
      publicKey: key.publicKey,
      isInsecureKey: key.isInsecure,
      willBeEnabled,
      engine: container.engine.name,
      container: container.name,
    });
    if (answer.is === "ready") {
      const { port: found } = answer;
      return { hostKeys: facts.hostKeys, port: found, isLoopbackOnly: facts.loopbackOnly.includes(found) };
    }
    if (answer.is === "never" || host.monotonicMs() > endMs) throw refusal(container, answer.reason, answer.remedy);
    host.poll([], [], STEP_MS);
  }
}

/** Runs the probe in the container. @throws Failure */
function lookInto(container: Container, user: string): Facts {
  const words = ["exec", "--user", "0", container.id, "sh", "-c", PROBE, "docker-ssh", user];
  const { end, stdout, stderr } = container.engine.run(words);
  const status = exitStatus(end);
  if (status === 0) return readFacts(stdout);
  const reason = `cannot look into it by ${container.engine.name} exec: ${lastLine(stderr)}`;
  throw refusal(container, reason, "this takes a shell in it, and so does a login");
}

function execSsh(host: Host, path: string, container: Container, request: Login, list: readonly Setting[]): never {
  const hasTerminal = host.isTerminal(0) && host.isTerminal(1);
  const words = sshWords(container.name, list, request.command, hasTerminal);
  if (request.isVerbose) writeAll(host, STDERR, `${NAME}: ${words.map(shellQuote).join(" ")}\n`);
  throw new SysError("cannot run", path, -host.exec(path, words, host.environ));
}

function refusal({ name }: { readonly name: string }, reason: string, remedy: string): Failure {
  return new Failure(`cannot log in to container "${printable(name)}": ${reason}\n${remedy}`);
}
