/** What became of messages: those that were sent, in order, against those that were found, in order. */

export interface Comparison {
  /** Sent and not found. */
  readonly lost: number;
  /** Found once more than sent. */
  readonly doubled: number;
  /** Found for the first time after one that was sent later. */
  readonly misordered: number;
}

/** What was sent are different texts; what was found beside them is no matter. */
export function compare(sent: readonly string[], found: readonly string[]): Comparison {
  const places = new Map(sent.map((text, place) => [text, place]));
  const seen = new Set<string>();
  let doubled = 0;
  let misordered = 0;
  let latest = -1;
  for (const text of found) {
    const place = places.get(text);
    if (place === undefined) continue;
    if (seen.has(text)) doubled += 1;
    else if (place < latest) misordered += 1;
    seen.add(text);
    latest = Math.max(latest, place);
  }
  return { lost: places.size - seen.size, doubled, misordered };
}
