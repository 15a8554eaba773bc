/** The nearest-rank percentile: a value that was really measured. `share` is between 0 and 1. */
export function percentile(samples: readonly number[], share: number): number {
  const ordered = samples.toSorted((one, other) => one - other);
  const found = ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)];
  if (found === undefined) throw new RangeError('no samples');
  return Math.round(found * 10) / 10;
}
