/**
 * One record of the file of entry keys. It is always 64 bytes, so that it lies within one sector of a disk:
 *
 *   kept       the wrapped key of the entry (60 bytes), and a CRC-32 over the entry's number and these bytes
 *   destroyed  a sentence that says so
 *   missing    zeros: what a file system shows where nothing was written
 *
 * Everything else is damaged. The CRC is for accidents only; who changes a record on purpose meets the authentication
 * of the wrapped key.
 */
import { crc32 } from 'node:zlib';

export const recordBytes = 64;
/** Nonce, key and tag, as `wrapEntryKey` makes them. */
export const wrappedKeyBytes = 60;

/** The wrapped key of an entry, or why there is none. */
export type EntryKey = Uint8Array | 'destroyed' | 'missing' | 'damaged';

const destroyed = Buffer.from('The key of this entry was destroyed; it cannot be opened again.\n', 'latin1');
const missing = Buffer.alloc(recordBytes);

export function keptRecord(number: number, wrapped: Uint8Array): Uint8Array {
  const record = Buffer.alloc(recordBytes);
  record.set(wrapped);
  record.writeUInt32BE(checksum(number, wrapped), wrappedKeyBytes);
  return record;
}

/** `count` records of destroyed keys, one after the other. */
export const destroyedRecords = (count: number): Uint8Array => Buffer.alloc(count * recordBytes, destroyed);

/** `record` is 64 bytes; what is returned is a copy of its part. */
export function readRecord(number: number, record: Uint8Array): EntryKey {
  if (destroyed.equals(record)) return 'destroyed';
  if (missing.equals(record)) return 'missing';
  const wrapped = Uint8Array.from(record.subarray(0, wrappedKeyBytes));
  const found = Buffer.from(record.buffer, record.byteOffset, recordBytes).readUInt32BE(wrappedKeyBytes);
  return found === checksum(number, wrapped) ? wrapped : 'damaged';
}

/** The number is in it: a record that was written at another place is damaged. */
function checksum(number: number, wrapped: Uint8Array): number {
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(number));
  return crc32(wrapped, crc32(place));
}
