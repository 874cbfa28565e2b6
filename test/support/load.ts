// Clients that send requests all the time, for tests of the cost of a rolling update.
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { patient } from "./patience.ts";
import { until } from "./until.ts";

/** The results of all requests that were sent. */
export type Tally = {
  readonly sent: number;
  /** By body, how often it was answered with status 200. */
  readonly answers: ReadonlyMap<string, number>;
  /** By the reason (an errno's name, or a status), how often a request was lost. */
  readonly losses: ReadonlyMap<string, number>;
  readonly lost: number;
};

export type Load = {
  /** Until now. */
  tally(): Tally;
  /** Resolves once an answer was `body`; throws when the time is up. */
  answered(body: string, withinMs: number): Promise<void>;
  /** Sends no more, and resolves when the last request has its answer or is lost. */
  stop(): Promise<Tally>;
};

export type LoadOptions = {
  /** How many send requests at a time, each the next when the last is answered and `pauseMs` is over. */
  readonly clients: number;
  readonly pauseMs: number;
  /** Whether each keeps its connection. Without, each request has one of its own. */
  readonly keepsConnection: boolean;
  readonly path: string;
};

/** A client gives up after this long: no update takes so long that it would be a client's end. */
const lifeMs = 600_000;

/** Begins to ask a server on this machine. Nothing is sent twice. */
export function startLoad(port: number, options: LoadOptions): Load {
  const answers = new Map<string, number>();
  const losses = new Map<string, number>();
  const count = (map: Map<string, number>, what: string) => void map.set(what, (map.get(what) ?? 0) + 1);
  const end = performance.now() + patient(lifeMs);
  let sent = 0;
  let isStopped = false;

  const client = async () => {
    const agent = new Agent({ keepAlive: options.keepsConnection, maxSockets: 1 });
    while (!isStopped && performance.now() < end) {
      sent += 1;
      try {
        const { status, body } = await ask(port, options.path, agent);
        if (status === 200) count(answers, body);
        else count(losses, `status ${status}`);
      } catch (error) {
        count(losses, (error as NodeJS.ErrnoException).code ?? String(error));
      }
      await pause(options.pauseMs);
    }
    agent.destroy();
  };
  const clients = Array.from({ length: options.clients }, client);

  const tally = () => ({
    sent,
    answers: new Map(answers),
    losses: new Map(losses),
    lost: [...losses.values()].reduce((sum, each) => sum + each, 0),
  });
  return {
    tally,
    answered: (body, withinMs) => until(() => answers.has(body), `the answer ${JSON.stringify(body)}`, withinMs),
    stop: async () => {
      isStopped = true;
      await Promise.all(clients);
      return tally();
    },
  };
}

/** One request to a server on this machine. Rejects if no whole answer comes. */
export function ask(port: number, path: string, agent?: Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, agent, method: "POST" }, (response: IncomingMessage) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: body.trim() }));
      response.on("error", reject);
    });
    asked.setTimeout(patient(30_000), () =>
      asked.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
    );
    asked.on("error", reject);
    asked.end();
  });
}
