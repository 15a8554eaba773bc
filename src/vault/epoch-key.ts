/**
 * The key of an epoch as it is kept: as text that only the archive's recipients open. Its name is sealed in with it, so
 * that one epoch's key cannot pass for another's.
 */
import { ChanceryError } from '../base/errors.ts';
import { decryptText, encryptToRecipients } from './age-text.ts';
import { keyBytes } from './derive-key.ts';
import type { OfficerKey } from './officer-key.ts';

/** `id` is 32 hex digits, `key` 32 bytes. */
export interface EpochKey {
  readonly id: string;
  readonly key: Uint8Array;
}

const preamble = Buffer.from('chancery epoch key 1\n', 'latin1');
const idBytes = 16;

/** Throws `CH-RECIPIENT-INVALID`. */
export async function wrapEpochKey({ id, key }: EpochKey, recipients: readonly string[]): Promise<string> {
  const plain = Buffer.concat([preamble, Buffer.from(id, 'hex'), key]);
  try {
    return await encryptToRecipients(plain, recipients);
  } finally {
    plain.fill(0);
  }
}

/**
 * Throws `CH-RECORDS-KEY-WRONG` when it was wrapped for none of these officers, `CH-RECORDS-DAMAGED` when it is not what
 * was wrapped.
 */
export async function unwrapEpochKey(wrapped: string, officers: readonly OfficerKey[]): Promise<EpochKey> {
  const plain = await decryptText(wrapped, (decrypter) => {
    for (const officer of officers) officer.addTo(decrypter);
  });
  if (plain === 'wrong-key') throw new ChanceryError('CH-RECORDS-KEY-WRONG', { place: 'epoch key' });
  const bytes = plain === 'damaged' ? Buffer.alloc(0) : Buffer.from(plain.buffer, plain.byteOffset, plain.length);
  const isWhole = bytes.length === preamble.length + idBytes + keyBytes;
  if (!isWhole || !bytes.subarray(0, preamble.length).equals(preamble)) {
    throw new ChanceryError('CH-RECORDS-DAMAGED', { place: 'epoch key' });
  }
  const id = bytes.toString('hex', preamble.length, preamble.length + idBytes);
  const key = Uint8Array.from(bytes.subarray(preamble.length + idBytes));
  bytes.fill(0);
  return { id, key };
}

/**
 * The same key for other recipients, when an officer comes or goes. An officer does this, never the bridge. It takes
 * nothing from those who have a copy of the old text and their key. Throws `CH-RECORDS-KEY-WRONG`, `CH-RECORDS-DAMAGED`,
 * `CH-RECIPIENT-INVALID`.
 */
export async function rewrap(wrapped: string, officer: OfficerKey, recipients: readonly string[]): Promise<string> {
  const epoch = await unwrapEpochKey(wrapped, [officer]);
  try {
    return await wrapEpochKey(epoch, recipients);
  } finally {
    epoch.key.fill(0);
  }
}
