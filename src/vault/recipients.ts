/**
 * The archive's recipients: public keys of records officers, as `chancery records keygen` or `age-keygen` print them.
 * Either all are post-quantum (`age1pq1...`: ML-KEM-768 and X25519 together) or none is (`age1...`: X25519): what is
 * sealed for both kinds is only as safe as the weaker one, and `age` refuses to do it.
 */
import { Encrypter } from 'age-encryption';
import { ChanceryError } from '../base/errors.ts';

const postQuantum = 'age1pq1';
/** Keys on hardware (`age1tag1...`, `age1tagpq1...`) could be sealed for; `OfficerKey` could not open it. */
const known = /^age1(?:pq1)?[02-9ac-hj-np-z]+$/u;

/** Whether this is a recipient, its checksum included. */
export function isRecipient(text: string): boolean {
  if (!known.test(text)) return false;
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The recipients without white space around them. Throws `CH-RECIPIENT-INVALID` when there is none, one is not usable or
 * stands there twice, or both kinds are among them. Only what is surely public is repeated in the error.
 */
export function checkRecipients(texts: readonly string[]): readonly string[] {
  const recipients = texts.map((text) => text.trim());
  if (recipients.length === 0) throw invalid('There is none, so nobody could open the records.');
  for (const [at, text] of recipients.entries()) {
    const place = `recipient ${at + 1}`;
    if (/^AGE-(?:SECRET-KEY|PLUGIN)-/iu.test(text)) {
      throw invalid(
        'This is a secret key. Do not use it any more: make another, and put only its age1... here.',
        place,
      );
    }
    if (!isRecipient(text)) throw invalid('Expected age1pq1... or age1..., whole and unchanged.', place);
    if (recipients.indexOf(text) !== at) throw invalid(`${text.slice(0, 16)}... is there twice.`, place);
  }
  if (new Set(recipients.map((text) => text.startsWith(postQuantum))).size > 1) {
    throw invalid('Some are post-quantum (age1pq1...) and some are not. Use recipients of one kind.');
  }
  return recipients;
}

const invalid = (detail: string, place = 'recipients'): ChanceryError =>
  new ChanceryError('CH-RECIPIENT-INVALID', { place, detail });
