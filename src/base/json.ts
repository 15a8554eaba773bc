/** Reads JSON that a stranger sent: strict UTF-8, bounded depth. Throws `CH-HTTP-BAD-BODY` naming what is wrong. */
import { ChanceryError } from './errors.ts';

const maxDepth = 64;
const quote = 0x22;
const backslash = 0x5c;
const openers = new Set([0x5b, 0x7b]);
const closers = new Set([0x5d, 0x7d]);

export function parseJson(bytes: Uint8Array): unknown {
  if (depthExceeds(bytes, maxDepth))
    throw new ChanceryError('CH-HTTP-BAD-BODY', { detail: `It nests deeper than ${maxDepth} levels.` });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ChanceryError('CH-HTTP-BAD-BODY', { detail: 'It is not valid UTF-8.' });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ChanceryError('CH-HTTP-BAD-BODY', { detail: 'It is not valid JSON.' });
  }
}

/** Counts brackets outside strings, without building anything. */
function depthExceeds(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (inString) {
      if (byte === backslash) index += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (openers.has(byte)) {
      depth += 1;
      if (depth > limit) return true;
    } else if (closers.has(byte)) depth -= 1;
  }
  return false;
}
