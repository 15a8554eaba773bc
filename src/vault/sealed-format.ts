/**
 * The format of a sealed file: what is read from it is exactly what was sealed under this name, or it is refused.
 *
 *   header   magic "CHSF", version 1, 32 random bytes of salt, and a tag over both, the size and the SHA-256 of the
 *            plain bytes: another file put in its place is noticed before its first byte is passed on
 *   chunks   64 KiB of plain bytes each (the last one may be shorter, or empty), AES-256-GCM, a 16-byte tag after each
 *
 * The file's own keys come from the master key and the salt, so a chunk moved from another file does not open. The
 * nonce is the chunk's number with a mark on the last one: a chunk that is missing, moved or repeated does not open
 * (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, CRYPTO 2015).
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { deriveKey } from './derive-key.ts';

export const plainChunkBytes = 65_536;
const tagBytes = 16;
export const sealedChunkBytes = plainChunkBytes + tagBytes;

const preamble = Buffer.from('CHSF\u0001', 'latin1');
const saltBytes = 32;
const headerTagBytes = 32;
export const headerBytes = preamble.length + saltBytes + headerTagBytes;

/** What a file is known to hold: bytes, and lower-case hex SHA-256 of them. */
export interface PlainIdentity {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The keys of one file. */
export interface FileKeys {
  readonly salt: Uint8Array;
  readonly content: Uint8Array;
  readonly header: Uint8Array;
}

export function keysOf(master: Uint8Array, salt: Uint8Array = randomBytes(saltBytes)): FileKeys {
  return {
    salt,
    content: deriveKey(master, 'sealed file v1 content', salt),
    header: deriveKey(master, 'sealed file v1 header', salt),
  };
}

/** Length of the sealed file in bytes. */
export function sealedBytes(plainBytes: number): number {
  return headerBytes + plainBytes + tagBytes * Math.max(1, Math.ceil(plainBytes / plainChunkBytes));
}

export function makeHeader(keys: FileKeys, identity: PlainIdentity): Uint8Array {
  return Buffer.concat([preamble, keys.salt, headerTag(keys, identity)]);
}

/** The file's keys when the header belongs to a file of this identity, else undefined. */
export function openHeader(master: Uint8Array, header: Uint8Array, identity: PlainIdentity): FileKeys | undefined {
  if (header.length !== headerBytes || !preamble.equals(header.subarray(0, preamble.length))) return undefined;
  const keys = keysOf(master, header.subarray(preamble.length, preamble.length + saltBytes));
  return timingSafeEqual(header.subarray(-headerTagBytes), headerTag(keys, identity)) ? keys : undefined;
}

function headerTag({ header, salt }: FileKeys, { sizeBytes, sha256 }: PlainIdentity): Uint8Array {
  return createHmac('sha256', header).update(preamble).update(salt).update(`${sizeBytes} ${sha256}`).digest();
}

/** The parts of the sealed chunk, in the order in which they are written. */
export function sealChunk(key: Uint8Array, number: number, last: boolean, plain: Uint8Array): Uint8Array[] {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(number, last));
  return [cipher.update(plain), cipher.final(), cipher.getAuthTag()];
}

/** The plain bytes, or undefined when this is not the chunk that was sealed. */
export function openChunk(key: Uint8Array, number: number, last: boolean, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(number, last), { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const plain = decipher.update(sealed.subarray(0, -tagBytes));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain;
}

function nonce(number: number, last: boolean): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(number, 7);
  bytes.writeUInt8(last ? 1 : 0, 11);
  return bytes;
}
