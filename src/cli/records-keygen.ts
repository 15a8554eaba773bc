/** `chancery records keygen`: makes the key of a records officer, for whom the ledger is sealed. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ChanceryError } from '../base/errors.ts';
import type { Question } from '../networks/login.ts';
import { makeOfficerKey, minPassphraseCharacters, passphraseProblem } from '../vault/officer-key.ts';
import { openRespondent, type Respondent } from './respondent.ts';

interface Options {
  readonly out: string;
  readonly answers?: string;
}

/** Throws `CH-SECRET-INVALID` for a short passphrase in a file, and when there is something at this path already. */
export async function recordsKeygen({ out, answers }: Options): Promise<void> {
  const path = resolve(out);
  // Before anybody thinks of a passphrase.
  if (existsSync(path)) throw new ChanceryError('CH-SECRET-INVALID', { place: path, detail: 'It is there already.' });
  const respondent = await openRespondent('records keygen', answers);
  let passphrase: string;
  let afterwards: readonly string[] = [];
  try {
    passphrase = answers === undefined ? await typed(respondent) : await written(respondent);
  } finally {
    afterwards = respondent.close();
  }
  const { recipient } = await makeOfficerKey(path, passphrase);
  process.stdout.write(
    `Wrote ${path}. It opens with its passphrase only.\n` +
      'Put this into the list records.recipients of the configuration, as one line:\n\n' +
      `${recipient}\n\n` +
      'Then take the file away from this machine, keep a copy of it in a second safe place, and the passphrase apart from\n' +
      'both. Who loses either cannot open what was sealed for this key; who leaves both here has sealed nothing. Two\n' +
      'officers with a key each are safer than one.\n',
  );
  for (const line of afterwards) process.stdout.write(`- ${line}\n`);
}

const once = secret('passphrase', `A passphrase for the key, of at least ${minPassphraseCharacters} characters`);
const again = secret('again', 'The same passphrase again');

/** Until it is long enough and typed twice alike. */
async function typed(respondent: Respondent): Promise<string> {
  let problem: string | undefined;
  for (;;) {
    const { passphrase = '' } = await respondent.answer([once], problem);
    problem = passphraseProblem(passphrase);
    if (problem !== undefined) continue;
    if ((await respondent.answer([again], undefined))['again'] === passphrase) return passphrase;
    problem = 'These two were not the same.';
  }
}

/** White space around it is cut off, as it is on a terminal. */
async function written(respondent: Respondent): Promise<string> {
  return ((await respondent.answer([once], undefined))['passphrase'] ?? '').trim();
}

function secret(name: string, prompt: string): Question {
  return { name, prompt, secret: true };
}
