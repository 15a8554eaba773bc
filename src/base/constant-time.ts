/** Compares secrets without telling by the time it takes how much of them was right. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function equalSecrets(given: string | Uint8Array, expected: string | Uint8Array): boolean {
  const digest = (value: string | Uint8Array): Buffer => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
