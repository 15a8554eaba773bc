/**
 * How long to wait before the next attempt, in milliseconds: full jitter over an exponential ceiling.
 * A wait that the other side asked for (Retry-After) is a floor and is never cut short.
 */
export interface BackoffOptions {
  readonly baseMs: number;
  readonly ceilingMs: number;
}

export function backoffMs(
  attempt: number,
  { baseMs, ceilingMs }: BackoffOptions,
  askedForMs = 0,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(ceilingMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.max(askedForMs, Math.ceil(random() * ceiling));
}
