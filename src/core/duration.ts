const SECOND_MS = 1000;

/** Units, each with the number of its milliseconds; a unit is used from two of it. */
const UNITS = [
  ["days", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
] as const;

/** A duration for people, to two digits or more: `0.1 s`, `45 s`, `2 min`, `30 h`, `3 days`. @param ms 0 or more */
export function durationWords(ms: number): string {
  for (const [unit, unitMs] of UNITS) if (ms >= 2 * unitMs) return `${Math.floor(ms / unitMs)} ${unit}`;
  if (ms >= 10 * SECOND_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  const tenths = Math.floor(ms / 100);
  return `${Math.floor(tenths / 10)}.${tenths % 10} s`;
}
