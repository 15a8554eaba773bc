/**
 * What WhatsApp's error codes mean for us, and what they mean in words (Meta: "Error codes" of the Cloud API).
 * `account`: the token or the account has a problem and everything waits. `rate`: wait. `again`: try again.
 */
export type ErrorKind = 'account' | 'rate' | 'again' | 'refused';

interface Meaning {
  readonly kind: ErrorKind;
  readonly words: string;
  /** How long to wait at least, in milliseconds. */
  readonly waitMs?: number;
}

const meanings: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [
    0,
    { kind: 'account', words: 'WhatsApp does not accept the access token. Log the account in again.', waitMs: 60_000 },
  ],
  [
    3,
    {
      kind: 'account',
      words: 'The access token lacks a permission. Log the account in again with one that has it.',
      waitMs: 60_000,
    },
  ],
  [
    10,
    {
      kind: 'account',
      words: 'The access token lacks a permission. Log the account in again with one that has it.',
      waitMs: 60_000,
    },
  ],
  [190, { kind: 'account', words: 'The access token is no longer valid. Log the account in again.', waitMs: 60_000 }],
  [
    200,
    {
      kind: 'account',
      words: 'The access token lacks a permission. Log the account in again with one that has it.',
      waitMs: 60_000,
    },
  ],
  [1, { kind: 'again', words: 'WhatsApp has a problem of its own.' }],
  [2, { kind: 'again', words: 'WhatsApp is not available at the moment.' }],
  [4, { kind: 'rate', words: 'WhatsApp asks to slow down.', waitMs: 30_000 }],
  [80007, { kind: 'rate', words: 'WhatsApp asks to slow down.', waitMs: 30_000 }],
  [130429, { kind: 'rate', words: 'WhatsApp asks to slow down.', waitMs: 5_000 }],
  [131048, { kind: 'refused', words: 'WhatsApp limits this number, because too many people reported or blocked it.' }],
  [131056, { kind: 'rate', words: 'WhatsApp takes one message in six seconds to one person.', waitMs: 6_000 }],
  [131000, { kind: 'again', words: 'WhatsApp has a problem of its own.' }],
  [131016, { kind: 'again', words: 'WhatsApp is overloaded.' }],
  [133004, { kind: 'again', words: 'WhatsApp is not available at the moment.' }],
  [
    131005,
    {
      kind: 'account',
      words: 'The access token lacks a permission. Log the account in again with one that has it.',
      waitMs: 60_000,
    },
  ],
  [
    368,
    {
      kind: 'refused',
      words:
        'WhatsApp has restricted this account, because it sees a breach of its rules. An administrator must look into the WhatsApp Manager.',
    },
  ],
  [
    131026,
    {
      kind: 'refused',
      words:
        'This person cannot be reached on WhatsApp: the number has no WhatsApp, an old version, or has not accepted its terms. Use another way.',
    },
  ],
  [
    131047,
    {
      kind: 'refused',
      words:
        'More than 24 hours have passed since this person wrote last. Wait until they write again, or reach them another way.',
    },
  ],
  [
    131049,
    {
      kind: 'refused',
      words:
        'WhatsApp did not deliver this, to keep this person from getting too many messages of businesses. Try again in a day.',
    },
  ],
  [131050, { kind: 'refused', words: 'This person does not want such messages from this number.' }],
  [131051, { kind: 'refused', words: 'WhatsApp does not support a message of this kind.' }],
  [131052, { kind: 'again', words: 'WhatsApp could not get at the file.' }],
  [
    131053,
    {
      kind: 'refused',
      words: 'WhatsApp could not take the file: its type or size does not suit it. Send it in another format.',
    },
  ],
  [131021, { kind: 'refused', words: 'The number cannot write to itself.' }],
  [131030, { kind: 'refused', words: 'This number may write only to the people on its list (a test number of Meta).' }],
  [
    131031,
    {
      kind: 'account',
      words: 'WhatsApp has locked this account. An administrator must look into the WhatsApp Manager.',
      waitMs: 60_000,
    },
  ],
  [131042, { kind: 'account', words: 'WhatsApp waits for a payment method of this account.', waitMs: 60_000 }],
  [
    130472,
    { kind: 'refused', words: 'WhatsApp did not deliver this: the person takes part in an experiment of Meta.' },
  ],
  [131009, { kind: 'refused', words: 'WhatsApp says that something in this message is not as it should be.' }],
  [100, { kind: 'refused', words: 'WhatsApp says that something in this message is not as it should be.' }],
]);

/** `status` is the HTTP status where the error answered a request. */
export function meaningOf(code: number | undefined, details: string | undefined, status?: number): Meaning {
  const known = code === undefined ? undefined : meanings.get(code);
  const told = [details?.slice(0, 300), code === undefined ? undefined : `(code ${code})`].filter(
    (word) => word !== undefined,
  );
  if (known !== undefined) return { ...known, words: [known.words, ...told].join(' ') };
  const kind =
    status === 429 ? 'rate' : status !== undefined && status >= 500 ? 'again' : status === 401 ? 'account' : 'refused';
  return { kind, words: ['WhatsApp refused this.', ...told].join(' ') };
}
