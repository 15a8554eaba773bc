/**
 * A ledger entry under a key of its own, and that key under the key of the epoch. Both are AES-256-GCM (NIST SP 800-38D)
 * and open in their own place only:
 *
 *   sealed entry  ciphertext, and a tag of 16 bytes; authenticated with it: the entry's number. An entry key seals once,
 *                 so its nonce is always zero
 *   wrapped key   a random nonce of 12 bytes, ciphertext of 32, tag of 16; authenticated with it: the epoch and the number
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { keyBytes } from './derive-key.ts';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const onlyNonce = Buffer.alloc(nonceBytes);

/** `number` is a whole number from 0; `key` is for this entry alone and must not seal again. */
export function sealEntry(key: Uint8Array, number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat(encrypt(key, onlyNonce, entryPlace(number), bytes));
}

/** Undefined when this is not what was sealed under this key and number. */
export function openEntry(key: Uint8Array, number: number, sealed: Uint8Array): Uint8Array | undefined {
  return decrypt(key, onlyNonce, entryPlace(number), sealed);
}

/** 60 bytes. Fewer than 2^32 keys may be wrapped under one epoch key (SP 800-38D, 8.3: random nonces). */
export function wrapEntryKey(
  epochKey: Uint8Array | KeyObject,
  epoch: string,
  number: number,
  key: Uint8Array,
): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  return Buffer.concat([nonce, ...encrypt(epochKey, nonce, keyPlace(epoch, number), key)]);
}

/** Undefined when this is not the key that was wrapped in this epoch for this number. */
export function unwrapEntryKey(
  epochKey: Uint8Array,
  epoch: string,
  number: number,
  wrapped: Uint8Array,
): Uint8Array | undefined {
  if (wrapped.length !== nonceBytes + keyBytes + tagBytes) return undefined;
  return decrypt(epochKey, wrapped.subarray(0, nonceBytes), keyPlace(epoch, number), wrapped.subarray(nonceBytes));
}

const entryPlace = (number: number): Uint8Array => Buffer.from(`chancery entry v1 ${number}`);
const keyPlace = (epoch: string, number: number): Uint8Array => Buffer.from(`chancery entry key v1 ${epoch} ${number}`);

/** Made here, it takes a third of the time. */
const asKeyObject = (key: Uint8Array | KeyObject): KeyObject =>
  key instanceof Uint8Array ? createSecretKey(key) : key;

function encrypt(key: Uint8Array | KeyObject, nonce: Uint8Array, place: Uint8Array, plain: Uint8Array): Uint8Array[] {
  const cipher = createCipheriv(algorithm, asKeyObject(key), nonce).setAAD(place);
  return [cipher.update(plain), cipher.final(), cipher.getAuthTag()];
}

function decrypt(key: Uint8Array, nonce: Uint8Array, place: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < tagBytes) return undefined;
  const decipher = createDecipheriv(algorithm, asKeyObject(key), nonce, { authTagLength: tagBytes }).setAAD(place);
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const plain = decipher.update(sealed.subarray(0, -tagBytes));
  try {
    decipher.final();
  } catch {
    plain.fill(0);
    return undefined;
  }
  return plain;
}
