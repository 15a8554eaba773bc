/** A file is there whole or as it was before, whatever happens. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Mode 0600; resolves when it is on disk. Its folder has to be there. Throws what the file system says. */
export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const fresh = `${path}.new`;
  try {
    const file = await open(fresh, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (thrown) {
    await rm(fresh, { force: true });
    throw thrown;
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
