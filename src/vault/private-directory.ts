/** A folder that only the user of this process can look into. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { ChanceryError, messageOf } from '../base/errors.ts';

/** Makes the folder and its missing parents with mode 0700, or narrows what is there. Throws `CH-STORE-FAILED`. */
export function ensurePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
  } catch (thrown) {
    throw new ChanceryError('CH-STORE-FAILED', { place: path, detail: messageOf(thrown), cause: thrown });
  }
}
