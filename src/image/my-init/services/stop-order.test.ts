import assert from "node:assert/strict";
import { test } from "node:test";
import type { NeedsGraph } from "../../../container/needs.ts";
import { StopOrder } from "./stop-order.ts";

/** `a b c`: a needs b and c. */
function graph(...lines: readonly string[]): NeedsGraph {
  return new Map(
    lines.map((line) => {
      const [name = "", ...needs] = line.split(" ");
      return [name, needs.map((service) => ({ service, limitSeconds: 60, line: 1 }))];
    }),
  );
}

/** A stop of `services`, all of which run. */
function begin(services: string, ...lines: readonly string[]) {
  const running = new Set(services.split(" "));
  const order = new StopOrder(graph(...lines), running, (service) => running.has(service));
  return { order, end: (service: string) => running.delete(service) };
}

test("services that no other needs are stopped first, the others when their dependants are gone", () => {
  const { order, end } = begin("web app db cron", "web app", "app db");
  assert.deepEqual(order.next(), ["web", "cron"]);
  assert.deepEqual(order.next(), []);
  end("cron");
  assert.deepEqual(order.next(), []);
  end("web");
  assert.deepEqual(order.next(), ["app"]);
  end("app");
  assert.deepEqual(order.next(), ["db"]);
  assert.deepEqual(order.next(), []);
});

test("all that need a service have to be gone", () => {
  const { order, end } = begin("a b db", "a db", "b db");
  assert.deepEqual(order.next(), ["a", "b"]);
  end("a");
  assert.deepEqual(order.next(), []);
  end("b");
  assert.deepEqual(order.next(), ["db"]);
});

test("a service that is down for a moment and was not stopped is still waited for", () => {
  const { order, end } = begin("web app db", "web app", "app db");
  end("app");
  assert.deepEqual(order.next(), ["web"]);
  assert.deepEqual(order.next(), []);
  end("web");
  assert.deepEqual([...order.next(), ...order.next()], ["app", "db"]);
});

test("a service that is not there keeps no other waiting", () => {
  const { order } = begin("db", "app db", "db nobody");
  assert.deepEqual(order.next(), ["db"]);
});

test("services that need each other in a cycle are all stopped", () => {
  const { order, end } = begin("a b c x", "a b x", "b a", "c a");
  assert.deepEqual(order.next(), ["c"]);
  assert.deepEqual(order.next(), []);
  end("c");
  assert.deepEqual(order.next(), ["a", "b", "x"]);
});

test("the rest is given with the services that still need it", () => {
  const { order } = begin("web app db", "web app db", "app db");
  assert.deepEqual(order.next(), ["web"]);
  assert.deepEqual(order.rest(), [
    { service: "app", neededBy: ["web"] },
    { service: "db", neededBy: ["web", "app"] },
  ]);
  assert.deepEqual(order.rest(), []);
  assert.deepEqual(order.next(), []);
});

test("a service that ends while it is looked at makes no cycle of the others", () => {
  const answers = [true, false];
  const order = new StopOrder(graph("web app", "app db"), ["web", "app", "db"], (service) =>
    service === "web" ? (answers.shift() ?? false) : true,
  );
  assert.deepEqual(order.next(), ["web"]);
  assert.deepEqual(order.next(), []);
  assert.deepEqual(order.next(), ["app"]);
  assert.deepEqual(order.next(), []);
});
