/** Host keys of this many containers are kept. */
const MAX_CONTAINERS = 200;

/**
 * The content of a known_hosts file in which `name` has these keys and no other.
 *
 * @param keys `TYPE KEY` each
 * @returns `content` itself if nothing changes
 * @see sshd(8), SSH_KNOWN_HOSTS FILE FORMAT
 */
export function withHostKeys(content: string, name: string, keys: readonly string[]): string {
  const lines = content.split("\n").filter((line) => line !== "");
  const theirs = keys.map((key) => `${name} ${key}`);
  const old = lines.filter((line) => nameOf(line) === name);
  if (old.join("\n") === theirs.join("\n")) return content;
  const others = lines.filter((line) => nameOf(line) !== name);
  // The containers that were used last are last.
  const kept = [...new Set(others.map(nameOf))].slice(1 - MAX_CONTAINERS);
  return [...others.filter((line) => kept.includes(nameOf(line))), ...theirs, ""].join("\n");
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(" "));
}
