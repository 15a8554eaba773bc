/**
 * The key of a records officer, with whom alone the ledger can be opened. It is made once, leaves this machine, and is
 * kept in a file that only its passphrase opens. The file is what `age-keygen -pq | age -p -a` writes: `age -d -i FILE`
 * takes it too.
 *
 * New keys are post-quantum hybrids (ML-KEM-768 and X25519): records stay secret for decades, and who copies them today
 * may have a quantum computer before these are over. Such a key is no worse than X25519 alone if ML-KEM should fall.
 */
import { open, readFile, rm, stat } from 'node:fs/promises';
import { type Decrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';
import { decryptText, encryptWithPassphrase } from './age-text.ts';

export const minPassphraseCharacters = 12;
const maxFileBytes = 65_536;

/** By the beginning of the public part the record names an officer. */
export const officerName = (recipient: string): string => recipient.slice(0, 24);

/** Never prints its secret part, however it is logged. */
export class OfficerKey {
  /** The public part, `age1...`. */
  readonly recipient: string;
  readonly #identity: string;

  private constructor(recipient: string, identity: string) {
    this.recipient = recipient;
    this.#identity = identity;
  }

  /** From `AGE-SECRET-KEY-...`. Throws `CH-SECRET-INVALID` with the place; what was there instead is not repeated. */
  static async from(identity: string, place: string): Promise<OfficerKey> {
    let recipient: string;
    try {
      recipient = await identityToRecipient(identity);
    } catch {
      // Without its cause: the library's message may hold the secret.
      throw new ChanceryError('CH-SECRET-INVALID', { place, detail: 'Expected one age key, AGE-SECRET-KEY-...' });
    }
    return new OfficerKey(recipient, identity);
  }

  /** The beginning of the public part: by it the record names the officer. */
  get name(): string {
    return officerName(this.recipient);
  }

  addTo(decrypter: Decrypter): void {
    decrypter.addIdentity(this.#identity);
  }

  /** The secret part as the lines of a key file. */
  lines(): string {
    return `# public key: ${this.recipient}\n${this.#identity}\n`;
  }
}

/**
 * Makes a key and its file, mode 0600, in a folder that is there already. Never overwrites. Throws `CH-SECRET-INVALID`
 * for a passphrase below 12 characters, and when the file could not be written; then there is no file.
 */
export async function makeOfficerKey(path: string, passphrase: string): Promise<OfficerKey> {
  const problem = passphraseProblem(passphrase);
  if (problem !== undefined) throw new ChanceryError('CH-SECRET-INVALID', { place: 'passphrase', detail: problem });
  const key = await OfficerKey.from(await generateHybridIdentity(), path);
  const text = await encryptWithPassphrase(Buffer.from(key.lines()), passphrase);
  try {
    await writeNew(path, text);
  } catch (thrown) {
    const detail =
      systemCodeOf(thrown) === 'EEXIST'
        ? 'There is already a file here. It was not touched: records may depend on it.'
        : `It could not be written: ${messageOf(thrown)}.`;
    throw new ChanceryError('CH-SECRET-INVALID', { place: path, detail, cause: thrown });
  }
  return key;
}

/** What is wrong with it, without repeating it. */
export function passphraseProblem(passphrase: string): string | undefined {
  return Array.from(passphrase).length < minPassphraseCharacters
    ? `Expected a passphrase of at least ${minPassphraseCharacters} characters; some random words are best.`
    : undefined;
}

/**
 * Throws `CH-PASSPHRASE-WRONG`, and `CH-SECRET-INVALID` when the file cannot be read or is no officer's key. Takes about
 * a second.
 */
export async function readOfficerKey(path: string, passphrase: string): Promise<OfficerKey> {
  const refused = (detail: string): ChanceryError => new ChanceryError('CH-SECRET-INVALID', { place: path, detail });
  let text: string;
  try {
    if ((await stat(path)).size > maxFileBytes) throw refused('It is too long for a key.');
    text = await readFile(path, 'latin1');
  } catch (thrown) {
    throw thrown instanceof ChanceryError ? thrown : refused(`It could not be read: ${messageOf(thrown)}.`);
  }
  const plain = await decryptText(text, (decrypter) => decrypter.addPassphrase(passphrase));
  if (plain === 'wrong-key') throw new ChanceryError('CH-PASSPHRASE-WRONG', { place: path });
  if (plain === 'damaged') throw refused('It is damaged, or no key that `chancery records keygen` made.');
  const secrets = Buffer.from(plain)
    .toString('latin1')
    .split(/\r?\n/u)
    .filter((line) => line !== '' && !line.startsWith('#'));
  return await OfficerKey.from(secrets.length === 1 ? (secrets[0] ?? '') : '', path);
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  } finally {
    await file.close();
  }
}
