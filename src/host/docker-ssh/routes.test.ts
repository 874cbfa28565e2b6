import assert from "node:assert/strict";
import { test } from "node:test";
import { interfaceFor, readRoutes, readRoutes6 } from "./routes.ts";

const table = [
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT ",
  "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0",
  "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
  "br-1\t800011AC\t00000000\t0001\t0\t0\t0\t80FFFFFF\t0\t0\t0",
  "tun0\t09080807\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
  "",
].join("\n");

test("an IPv4 address leaves by the route that says most of it, and never by the default one", () => {
  const routes = readRoutes(table);
  assert.equal(interfaceFor("172.17.0.3", routes), "docker0");
  assert.equal(interfaceFor("172.17.0.127", routes), "docker0");
  assert.equal(interfaceFor("172.17.0.129", routes), "br-1");
  assert.equal(interfaceFor("172.18.0.3", routes), undefined);
  assert.equal(interfaceFor("7.8.8.9", routes), "tun0");
  assert.equal(interfaceFor("192.0.2.1", routes), undefined);
});

test("an IPv6 address too", () => {
  const zeros = "0".repeat(32);
  const row = (destination: string, length: string, network: string) =>
    `${destination} ${length} ${zeros} 00 ${zeros} 00000100 00000001 00000000 00000001 ${network}`;
  const routes = readRoutes6(
    [
      row(zeros, "00", "eth0"),
      row("fd00dead000000000000000000000000", "40", "br-2"),
      row("fd00dead000000000000000000000001", "80", "lo"),
      "",
    ].join("\n"),
  );
  assert.equal(interfaceFor("fd00:dead::3", routes), "br-2");
  assert.equal(interfaceFor("fd00:dead:0:0:1:2:3:4", routes), "br-2");
  assert.equal(interfaceFor("fd00:dead::1", routes), "lo");
  assert.equal(interfaceFor("fd00:dead:0:1::3", routes), undefined);
  assert.equal(interfaceFor("2001:db8::1", routes), undefined);
  assert.equal(interfaceFor("172.17.0.3", routes), undefined);
});
