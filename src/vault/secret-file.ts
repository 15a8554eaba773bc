/** A secret in a file of its own, which nobody else on this machine may read. */
import { type FileHandle, open } from 'node:fs/promises';
import { ChanceryError, messageOf, systemCodeOf } from '../base/errors.ts';

export interface SecretFileOptions {
  /** Whether a file that other users may read or change is refused. */
  readonly guarded: boolean;
  /** What should be in it, in a sentence; never what is. */
  readonly expected: string;
}

const maxFileBytes = 1_024;
const othersMayRead = 0o077;

/** The text of the file; undefined when there is none. Throws `CH-SECRET-INVALID`. */
export async function readSecretFile(
  path: string,
  { guarded, expected }: SecretFileOptions,
): Promise<string | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return undefined;
    throw unusable(path, `It could not be read: ${messageOf(thrown)}.`, thrown);
  }
  try {
    const { mode, size } = await file.stat();
    if (guarded && (mode & othersMayRead) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      throw unusable(path, `Other users of this machine may read or change it (mode ${shown}). Run: chmod 600 ${path}`);
    }
    if (size > maxFileBytes) throw unusable(path, `It holds ${size} bytes. ${expected}`);
    return await file.readFile('utf8');
  } catch (thrown) {
    if (thrown instanceof ChanceryError) throw thrown;
    throw unusable(path, `It could not be read: ${messageOf(thrown)}.`, thrown);
  } finally {
    await file.close();
  }
}

/**
 * A token to be sent in a header: printable ASCII without white space, a line end after it aside. Throws
 * `CH-SECRET-MISSING`, `CH-SECRET-INVALID`.
 */
export async function readTokenFile(path: string): Promise<string> {
  const expected = 'Expected one token in one line, of printable characters.';
  const token = (await readSecretFile(path, { guarded: true, expected }))?.trim();
  if (token === undefined) throw new ChanceryError('CH-SECRET-MISSING', { place: path, detail: expected });
  if (!/^[\x21-\x7e]+$/u.test(token)) throw unusable(path, expected);
  return token;
}

const unusable = (place: string, detail: string, cause?: unknown): ChanceryError =>
  new ChanceryError('CH-SECRET-INVALID', { place, detail, cause });
