/** A route that is not the default one. */
export interface Route {
  readonly network: string;
  /** The bits that an address must begin with, each `0` or `1`. */
  readonly bits: string;
}

/** Reads /proc/net/route without the default route: interface, destination, gateway, flags, three numbers, mask. */
export function readRoutes(table: string): Route[] {
  return table.split("\n").flatMap((line) => {
    const [network = "", destination = "", , , , , , mask = ""] = words(line);
    if (destination.length !== 8 || mask.length !== 8) return [];
    const length = bitsOf(swapped(mask)).indexOf("0");
    const bits = bitsOf(swapped(destination));
    return length === 0 ? [] : [{ network, bits: length < 0 ? bits : bits.slice(0, length) }];
  });
}

/** Reads /proc/net/ipv6_route: destination, its length, source, its length, next hop, four numbers, interface. */
export function readRoutes6(table: string): Route[] {
  return table.split("\n").flatMap((line) => {
    const [destination = "", length = "", , , , , , , , network = ""] = words(line);
    const count = Number.parseInt(length, 16);
    return destination.length === 32 && count > 0 && network !== ""
      ? [{ network, bits: bitsOf(destination).slice(0, count) }]
      : [];
  });
}

/** The interface of the route to the address; undefined: none, or the default route. */
export function interfaceFor(address: string, routes: readonly Route[]): string | undefined {
  const bits = address.includes(":") ? bitsOf6(address) : bitsOf4(address);
  let best: Route | undefined;
  for (const route of routes) {
    if (bits.startsWith(route.bits) && route.bits.length > (best?.bits.length ?? 0)) best = route;
  }
  return best?.network;
}

/** `AC110003`, as bits. */
function bitsOf(hex: string): string {
  return [...hex].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0")).join("");
}

/** Bytes of a little-endian number in network order. */
function swapped(hex: string): string {
  return hex.slice(6, 8) + hex.slice(4, 6) + hex.slice(2, 4) + hex.slice(0, 2);
}

function bitsOf4(address: string): string {
  return address
    .split(".")
    .map((part) => Number(part).toString(2).padStart(8, "0"))
    .join("");
}

/** @param address without an embedded IPv4 address: container engines print none */
function bitsOf6(address: string): string {
  const [front = "", back] = address.split("::");
  const groups = (text: string | undefined) => (text ? text.split(":") : []);
  const [before, after] = [groups(front), groups(back)];
  const between = back === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array<string>(between).fill("0"), ...after]
    .map((group) => bitsOf(group.padStart(4, "0")))
    .join("");
}

function words(line: string): string[] {
  return line
    .split("\t")
    .join(" ")
    .split(" ")
    .filter((word) => word !== "");
}
