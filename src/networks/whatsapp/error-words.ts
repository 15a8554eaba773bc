/**
 * What WhatsApp's error codes mean for us, and what they mean in words (Meta: "Error codes" of the Cloud API).
 * `account`: the token or the account has a problem and everything waits. `rate`: wait. `again`: try again.
 */
import { z } from 'zod';

export type ErrorKind = 'account' | 'rate' | 'again' | 'refused';

export interface Meaning {
  readonly kind: ErrorKind;
  readonly words: string;
  /** How long to wait at least, in milliseconds. */
  readonly waitMs?: number;
}

/** A code as it stands in an error, as a number or in digits. */
export const errorCode = z.union([
  z.number(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);

const account = (words: string): Meaning => ({ kind: 'account', words, waitMs: 60_000 });
const rate = (waitMs: number, words = 'WhatsApp asks to slow down.'): Meaning => ({ kind: 'rate', words, waitMs });
const again = (words: string): Meaning => ({ kind: 'again', words });
const refused = (words: string): Meaning => ({ kind: 'refused', words });

const lacksPermission = account('The access token lacks a permission. Log the account in again with one that has it.');
const notAsItShouldBe = refused('WhatsApp says that something in this message is not as it should be.');
const ownProblem = again('WhatsApp has a problem of its own.');
const unavailable = again('WhatsApp is not available at the moment.');

/** In the order of their codes. */
export const documentedErrors: readonly (readonly [code: number, meaning: Meaning])[] = [
  [0, account('WhatsApp does not accept the access token. Log the account in again.')],
  [1, ownProblem],
  [2, unavailable],
  [3, lacksPermission],
  [4, rate(30_000)],
  [10, lacksPermission],
  [17, rate(30_000)],
  [32, rate(30_000)],
  [100, notAsItShouldBe],
  [190, account('The access token is no longer valid. Log the account in again.')],
  [
    368,
    refused(
      'WhatsApp has restricted this account, because it sees a breach of its rules. An administrator must look into the WhatsApp Manager.',
    ),
  ],
  [613, rate(30_000)],
  [80007, rate(30_000)],
  [80008, rate(30_000)],
  [130429, rate(5_000)],
  [130472, refused('WhatsApp did not deliver this: the person takes part in an experiment of Meta.')],
  [131000, ownProblem],
  [131005, lacksPermission],
  [131009, notAsItShouldBe],
  [131016, again('WhatsApp is overloaded.')],
  [131021, refused('The number cannot write to itself.')],
  [
    131026,
    refused(
      'This person cannot be reached on WhatsApp: the number has no WhatsApp, an old version, or has not accepted its terms. Use another way.',
    ),
  ],
  [131030, refused('This number may write only to the people on its list (a test number of Meta).')],
  [131031, account('WhatsApp has locked this account. An administrator must look into the WhatsApp Manager.')],
  [131037, account('WhatsApp has not approved the display name of this number yet. See the WhatsApp Manager.')],
  [131042, account('WhatsApp waits for a payment method of this account.')],
  [131045, account('This number is not registered with WhatsApp. Register it in the WhatsApp Manager.')],
  [
    131047,
    refused(
      'More than 24 hours have passed since this person wrote last. Wait until they write again, or send a template (`!chancery template list`).',
    ),
  ],
  [131048, refused('WhatsApp limits this number, because too many people reported or blocked it.')],
  [
    131049,
    refused(
      'WhatsApp did not deliver this, to keep this person from getting too many messages of businesses. Try again in a day.',
    ),
  ],
  [131050, refused('This person does not want such messages from this number.')],
  [131051, refused('WhatsApp does not support a message of this kind.')],
  [131052, again('WhatsApp could not get at the file.')],
  [131053, refused('WhatsApp could not take the file: its type or size does not suit it. Send it in another format.')],
  [131056, rate(6_000, 'WhatsApp takes one message in six seconds to one person.')],
  [131057, again('WhatsApp maintains this account at the moment.')],
  [132000, refused('The template takes another number of parameters. `template list` shows it.')],
  [132001, refused('There is no such template in this language, or Meta has not approved it. See `template list`.')],
  [132005, refused('With these parameters the template is too long. Give shorter ones.')],
  [132007, refused('The template breaks a rule of WhatsApp. An administrator must look into the WhatsApp Manager.')],
  [132012, refused('A parameter of the template is not of the form that it takes. `template list` shows it.')],
  [132015, refused('Meta has paused this template, because people complained. Take another one.')],
  [132016, refused('Meta has switched this template off for good. Take another one.')],
  [133004, unavailable],
  [133010, account('This number is not registered with WhatsApp. Register it in the WhatsApp Manager.')],
];

const meanings: ReadonlyMap<number, Meaning> = new Map(documentedErrors);

/** `status` is the HTTP status where the error answered a request. */
export function meaningOf(code: number | undefined, details: string | undefined, status?: number): Meaning {
  const meaning = (code === undefined ? undefined : meanings.get(code)) ?? otherwise(code, status);
  const source = code !== undefined ? `(code ${code})` : status !== undefined ? `(HTTP ${status})` : undefined;
  const told = [meaning.words, details?.slice(0, 300).toWellFormed(), source];
  return { ...meaning, words: told.filter((word) => word !== undefined && word !== '').join(' ') };
}

function otherwise(code = 0, status = 0): Meaning {
  // Meta: "API permission errors" are 200 to 299.
  if (code >= 200 && code < 300) return lacksPermission;
  if (status === 401) return account('WhatsApp does not accept the access token. Log the account in again.');
  if (status === 429) return rate(5_000);
  if (status >= 500) return ownProblem;
  if (status >= 300 && status < 400) return again('Something on the way answered in the place of WhatsApp.');
  return refused('WhatsApp refused this.');
}
