/** What every client of ours does with an answer: its body within bounds, and the wait that it asks for. */

/** Throws when the connection breaks or more than `limitBytes` come. */
export async function readBounded(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limitBytes) throw new Error(`the answer exceeds ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Nobody means more: a date far off is a clock that goes wrong, and would keep a message back for good. */
const longestWaitMs = 24 * 3_600_000;

/** Milliseconds; undefined where nothing readable is asked for. RFC 9110, section 10.2.3: seconds or a date. */
export function retryAfterMs(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string' || header.trim() === '') return undefined;
  const seconds = Number(header);
  return keptWaitMs(Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now());
}

/** A wait that the other side named, as it can be kept: whole milliseconds, at most a day; undefined for no number. */
export function keptWaitMs(wait: number): number | undefined {
  return Number.isFinite(wait) ? Math.ceil(Math.min(longestWaitMs, Math.max(0, wait))) : undefined;
}
