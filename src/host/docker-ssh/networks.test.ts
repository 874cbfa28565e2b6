import assert from "node:assert/strict";
import { test } from "node:test";
import { readNetworks } from "./networks.ts";

test("what inspect prints is read: mode, addresses, published ports, arguments", () => {
  const lines = [
    "mode default",
    "address 172.17.0.3",
    "address ",
    "address ",
    "address fd00::3",
    'port 22/tcp {"HostIp":"0.0.0.0","HostPort":"2222"}',
    'port 22/tcp {"HostIp":"::","HostPort":"2222"}',
    'port 80/tcp {"HostIp": "", "HostPort":"8080"}',
    'arg "--enable-insecure-key"',
    'arg "two words"',
    'arg "a\\nport 22/tcp"',
    "",
  ];
  assert.deepEqual(readNetworks(lines.join("\n")), {
    mode: "default",
    addresses: ["172.17.0.3", "fd00::3"],
    published: [
      { port: "22/tcp", hostPort: 2222, address: "0.0.0.0" },
      { port: "22/tcp", hostPort: 2222, address: "::" },
      { port: "80/tcp", hostPort: 8080, address: "" },
    ],
    args: ["--enable-insecure-key", "two words", "a\\nport 22/tcp"],
  });
});

test("what has no value is nothing", () => {
  const lines = "mode none\naddress <no value>\naddress <no value>\nport 22/tcp null\n";
  assert.deepEqual(readNetworks(lines), { mode: "none", addresses: [], published: [], args: [] });
});
