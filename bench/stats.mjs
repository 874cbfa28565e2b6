// Medians and spread, and the order in which candidates take turns.

/**
 * @typedef {object} Summary
 * @property {number} count
 * @property {number} median
 * @property {number} q1 a quarter of the samples is below
 * @property {number} q3 a quarter is above
 * @property {number} min
 * @property {number} max
 */

/**
 * @param {readonly number[]} samples at least one
 * @returns {Summary}
 */
export function summarize(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  /** @param {number} share */
  const at = (share) => {
    const place = share * (sorted.length - 1);
    const below = sorted[Math.floor(place)] ?? Number.NaN;
    const above = sorted[Math.ceil(place)] ?? Number.NaN;
    return below + (above - below) * (place - Math.floor(place));
  };
  return { count: sorted.length, median: at(0.5), q1: at(0.25), q3: at(0.75), min: at(0), max: at(1) };
}

/**
 * The order of one round: each begins with the next candidate.
 *
 * @template Candidate
 * @param {number} round from 0
 * @param {readonly Candidate[]} candidates
 */
export function inOrderOf(round, candidates) {
  const first = round % candidates.length;
  return [...candidates.slice(first), ...candidates.slice(0, first)];
}

/**
 * Measures every candidate once a round. Each round begins with another candidate, so that none is always measured
 * right after the same one, and a slow minute of the machine is shared by all.
 *
 * @template Candidate, Sample
 * @param {readonly Candidate[]} candidates
 * @param {number} rounds
 * @param {(candidate: Candidate) => Sample} measure
 * @returns {Map<Candidate, Sample[]>}
 */
export function inTurns(candidates, rounds, measure) {
  /** @type {Map<Candidate, Sample[]>} */
  const samples = new Map(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round < rounds; round++) {
    for (const candidate of inOrderOf(round, candidates)) {
      samples.get(candidate)?.push(measure(candidate));
    }
  }
  return samples;
}
