import assert from "node:assert/strict";
import { test } from "node:test";
import type { Networks } from "./networks.ts";
import { chooseWay, hostOf, type Surroundings } from "./way.ts";

const published = (address: string) => ({ port: "22/tcp", hostPort: 2222, address });
const networks: Networks = { mode: "web", addresses: ["172.20.0.2", "172.21.0.2"], published: [], args: [] };
const here: Surroundings = { networks, isNear: () => true, isHere: true, engineHost: undefined };
const far: Surroundings = { networks, isNear: () => false, isHere: false, engineHost: "engine.example" };

test("the container's own address is best, the first that a bridge leads to", () => {
  assert.deepEqual(chooseWay(here, 22), { by: "address", address: "172.20.0.2", port: 22 });
  assert.deepEqual(chooseWay(here, 22, true), { by: "engine", port: 22 });
  const isNear = (address: string) => address === "172.21.0.2";
  assert.deepEqual(chooseWay({ ...here, isNear }, 2200), { by: "address", address: "172.21.0.2", port: 2200 });
});

test("an address that no bridge leads to is left for a published port", () => {
  for (const address of ["0.0.0.0", "::", ""]) {
    const surroundings = { ...here, isNear: () => false, networks: { ...networks, published: [published(address)] } };
    assert.deepEqual(chooseWay(surroundings, 22), { by: "address", address: "127.0.0.1", port: 2222 });
  }
});

test("a published port of another machine is on that machine, unless it is its loopback's", () => {
  const publishedAt = (address: string) => ({ ...far, networks: { ...networks, published: [published(address)] } });
  assert.deepEqual(chooseWay(publishedAt("0.0.0.0"), 22), { by: "address", address: "engine.example", port: 2222 });
  assert.deepEqual(chooseWay(publishedAt("198.51.100.7"), 22), { by: "address", address: "198.51.100.7", port: 2222 });
  assert.deepEqual(chooseWay(publishedAt("127.0.0.1"), 22), { by: "engine", port: 22 });
});

test("the loopback of a virtual machine is this one's", () => {
  const virtual = { ...far, engineHost: undefined, networks: { ...networks, published: [published("127.0.0.1")] } };
  assert.deepEqual(chooseWay(virtual, 22), { by: "address", address: "127.0.0.1", port: 2222 });
});

test("a container in the host's network is where the host is", () => {
  const inHost = { ...networks, mode: "host", addresses: [] };
  assert.deepEqual(chooseWay({ ...here, networks: inHost }, 22), { by: "address", address: "127.0.0.1", port: 22 });
  assert.deepEqual(chooseWay({ ...far, networks: inHost }, 22), { by: "address", address: "engine.example", port: 22 });
  assert.deepEqual(chooseWay({ ...far, engineHost: undefined, networks: inHost }, 22), { by: "engine", port: 22 });
});

test("the engine itself is the way where nothing leads to the container", () => {
  assert.deepEqual(chooseWay(far, 22), { by: "engine", port: 22 });
  const other = { ...far, networks: { ...networks, published: [{ ...published(""), port: "80/tcp" }] } };
  assert.deepEqual(chooseWay(other, 22), { by: "engine", port: 22 });
});

test("the machine of an engine is read from its URL", () => {
  assert.equal(hostOf("tcp://engine.example:2375"), "engine.example");
  assert.equal(hostOf("ssh://ann@engine.example"), "engine.example");
  assert.equal(hostOf("ssh://ann@engine.example:22/run/podman.sock"), "engine.example");
  assert.equal(hostOf("tcp://[fd00::1]:2375"), "fd00::1");
  for (const url of ["", "unix:///var/run/docker.sock", "npipe:////./pipe/docker"])
    assert.equal(hostOf(url), undefined);
});
