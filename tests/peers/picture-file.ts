/** A small file that passes for a picture, the same at every call. */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PictureFile {
  readonly path: string;
  readonly sha256: string;
}

export function pictureFile(directory: string, size = 40_000): PictureFile {
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const bytes = Buffer.concat([signature, Buffer.alloc(size, 'picture')]);
  const path = join(directory, `picture-${size}.png`);
  writeFileSync(path, bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
}
