/**
 * Keys for one purpose each, from one secret: knowing one tells nothing about the others or the secret (HKDF-SHA256,
 * RFC 5869).
 */
import { hkdfSync } from 'node:crypto';

export const keyBytes = 32;

/** A 32-byte key. `purpose` names what it is for; `salt` may be empty. */
export function deriveKey(secret: Uint8Array, purpose: string, salt: Uint8Array = new Uint8Array()): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, salt, `chancery ${purpose}`, keyBytes));
}
