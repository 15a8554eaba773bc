/**
 * How an officer proves that the key is theirs: what was sealed for it comes back as the key of a hash over what is asked
 * for. It holds for that order alone, and an officer opens nothing but challenges so, whoever sends them.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { ChanceryError } from '../base/errors.ts';
import { decryptText, encryptToRecipients } from './age-text.ts';
import { keyBytes } from './derive-key.ts';
import type { OfficerKey } from './officer-key.ts';

const preamble = Buffer.from('chancery officer challenge 1\n', 'latin1');

export interface Challenge {
  readonly secret: Uint8Array;
  /** An age file as text. */
  readonly sealed: string;
}

/** Throws `CH-RECIPIENT-INVALID`. */
export async function makeChallenge(recipient: string): Promise<Challenge> {
  const secret = randomBytes(keyBytes);
  return { secret, sealed: await encryptToRecipients(Buffer.concat([preamble, secret]), [recipient]) };
}

/** Throws `CH-RECORDS-KEY-WRONG` when it is for another key, `CH-RECORDS-DAMAGED` when it is no challenge. */
export async function openChallenge(sealed: string, officer: OfficerKey): Promise<Uint8Array> {
  const plain = await decryptText(sealed, (decrypter) => officer.addTo(decrypter));
  if (plain === 'wrong-key') throw new ChanceryError('CH-RECORDS-KEY-WRONG', { place: 'challenge' });
  const bytes = plain === 'damaged' ? Buffer.alloc(0) : Buffer.from(plain);
  if (bytes.length !== preamble.length + keyBytes || !bytes.subarray(0, preamble.length).equals(preamble))
    throw new ChanceryError('CH-RECORDS-DAMAGED', { place: 'challenge' });
  return bytes.subarray(preamble.length);
}

/** 64 hex digits. */
export const answerTo = (secret: Uint8Array, order: string): string =>
  createHmac('sha256', secret).update(order).digest('hex');
