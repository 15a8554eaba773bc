/**
 * Small secrets as age files (age-encryption.org/v1, C2SP `age`) in ASCII armour: text that can be kept in a database, sent
 * and printed, and opened with the `age` program where Chancery is no more.
 */
import { armor, Decrypter, Encrypter } from 'age-encryption';
import { ChanceryError, messageOf } from '../base/errors.ts';
import { checkRecipients } from './recipients.ts';

const binaryBegins = 'age-encryption.org/v1\n';

/** Throws `CH-RECIPIENT-INVALID`. */
export async function encryptToRecipients(plain: Uint8Array, recipients: readonly string[]): Promise<string> {
  const encrypter = new Encrypter();
  for (const recipient of checkRecipients(recipients)) encrypter.addRecipient(recipient);
  try {
    return armor.encode(await encrypter.encrypt(plain));
  } catch (cause) {
    const detail = 'One of them has the right form, but it is no public key.';
    throw new ChanceryError('CH-RECIPIENT-INVALID', { place: 'recipients', detail, cause });
  }
}

/** With scrypt, at age's own cost of 2^18: about a second and 256 MB, for us and for who guesses. */
export async function encryptWithPassphrase(plain: Uint8Array, passphrase: string): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return armor.encode(await encrypter.encrypt(plain));
}

/**
 * `text` is armoured, or the bytes of an age file as characters (`latin1`), as other programs write it.
 *
 * `wrong-key` when none of the keys given to `withKeys` is for this text; that is also what a key that was damaged in
 * the text looks like. `damaged` for everything else that is not what was encrypted.
 */
export async function decryptText(
  text: string,
  withKeys: (decrypter: Decrypter) => void,
): Promise<Uint8Array | 'wrong-key' | 'damaged'> {
  try {
    const decrypter = new Decrypter();
    withKeys(decrypter);
    return await decrypter.decrypt(fileIn(text));
  } catch (thrown) {
    return messageOf(thrown).startsWith('no identity matched') ? 'wrong-key' : 'damaged';
  }
}

/** Line ends may have changed on the way; nothing else may. */
function fileIn(text: string): Uint8Array {
  if (text.startsWith(binaryBegins)) return Buffer.from(text, 'latin1');
  const file = armor.decode(text);
  const asRead = text.replaceAll('\r\n', '\n');
  if (armor.encode(file) !== (asRead.endsWith('\n') ? asRead : `${asRead}\n`)) throw new Error('not canonical');
  return file;
}
