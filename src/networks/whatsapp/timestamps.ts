/** When something happened, in milliseconds since the Unix epoch. */
const earliest = Date.UTC(2009, 0, 1);
const dayMs = 24 * 3_600_000;

/** Seconds in a text; what cannot be a time of WhatsApp becomes now. */
export function timeOf(timestamp: string | undefined, now: number): number {
  const at = Number(timestamp) * 1_000;
  return Number.isFinite(at) && at >= earliest && at <= now + dayMs ? at : now;
}
