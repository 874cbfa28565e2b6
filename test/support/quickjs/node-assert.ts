// Stands in for node:assert/strict on QuickJS: the part of it that unit tests of src use.

function ok(value: unknown, message?: string | Error): asserts value {
  if (!value) fail(message ?? `${show(value)} is not true`);
}

function equal(actual: unknown, expected: unknown, message?: string | Error): void {
  if (!Object.is(actual, expected)) fail(message ?? `${show(actual)} is not ${show(expected)}`);
}

function notEqual(actual: unknown, expected: unknown, message?: string | Error): void {
  if (Object.is(actual, expected)) fail(message ?? `it is ${show(actual)}`);
}

function deepEqual(actual: unknown, expected: unknown, message?: string | Error): void {
  if (!isDeepEqual(actual, expected)) fail(message ?? `${show(actual)} is not ${show(expected)}`);
}

function throws(act: () => unknown, judge: (error: unknown) => boolean, message?: string): void {
  let thrown: { error: unknown } | undefined;
  try {
    act();
  } catch (error) {
    thrown = { error };
  }
  if (thrown === undefined) fail(message ?? "nothing was thrown");
  else if (!judge(thrown.error)) fail(`${message ?? "something else was thrown"}: ${String(thrown.error)}`);
}

function fail(message: string | Error = "failed"): never {
  throw typeof message === "string" ? new Error(message) : message;
}

function isDeepEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Map && other instanceof Map) {
    return (
      one.size === other.size && [...one].every(([key, value]) => other.has(key) && isDeepEqual(value, other.get(key)))
    );
  }
  if (one instanceof Set && other instanceof Set) {
    return one.size === other.size && [...one].every((value) => other.has(value));
  }
  const [names, others] = [Object.keys(one), Object.keys(other)];
  const values: Record<string, unknown> = { ...one };
  const otherValues: Record<string, unknown> = { ...other };
  return (
    names.length === others.length &&
    names.every((name) => name in other && isDeepEqual(values[name], otherValues[name]))
  );
}

/** A value for people to read. */
function show(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (value instanceof Map || value instanceof Set) return show([...value]);
  return `{${Object.entries(value)
    .map(([name, part]) => `${name}: ${show(part)}`)
    .join(", ")}}`;
}

export default Object.assign(ok, { ok, equal, notEqual, deepEqual, throws, fail });
