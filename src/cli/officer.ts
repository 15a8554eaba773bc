/** The officer at the command line: their key, opened with their passphrase. */
import { resolve } from 'node:path';
import { type OfficerKey, readOfficerKey } from '../vault/officer-key.ts';
import { openRespondent } from './respondent.ts';

/** Throws `CH-PASSPHRASE-WRONG` and `CH-SECRET-INVALID`. */
export async function askForOfficer(
  command: string,
  { key, answers }: { readonly key: string; readonly answers?: string },
): Promise<OfficerKey> {
  const respondent = await openRespondent(command, answers);
  let passphrase: string | undefined;
  try {
    const question = { name: 'passphrase', prompt: 'The passphrase of the key', secret: true };
    ({ passphrase } = await respondent.answer([question], undefined));
  } finally {
    respondent.close();
  }
  return readOfficerKey(resolve(key), (passphrase ?? '').trim());
}
