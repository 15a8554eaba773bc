/** Patience with an end: what hangs is given up, in words. */
import { setTimeout as delay } from 'node:timers/promises';

/** Rejects when `doing` takes longer than `ms` milliseconds. */
export async function within<Result>(ms: number, doing: Promise<Result>): Promise<Result> {
  const over = new AbortController();
  const tooLong = async (): Promise<never> => {
    await delay(ms, undefined, { signal: over.signal });
    throw new Error(`No answer within ${ms / 1_000} s`);
  };
  try {
    return await Promise.race([doing, tooLong()]);
  } finally {
    over.abort();
  }
}
