/** A small file system of its own under one folder, so that a disk can really be full. Needs the right to mount. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const chunkBytes = 1024 * 1024;
const smallestBytes = 512;

export class SmallFilesystem {
  readonly #filler: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#filler = join(folder, 'filler');
    process.once('exit', this.#unmountNow);
  }

  /** Undefined where this user may not mount anything. */
  static mount(folder: string, megabytes: number): SmallFilesystem | undefined {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', folder], { stdio: 'pipe' });
      return new SmallFilesystem(folder);
    } catch {
      return undefined;
    }
  }

  /** Until nothing fits any more, while somebody else writes as well. */
  fill(): void {
    for (let size = chunkBytes; size >= smallestBytes; ) {
      try {
        writeFileSync(this.#filler, Buffer.alloc(size), { flag: 'a', mode: 0o600 });
      } catch {
        size /= 2;
      }
    }
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    process.removeListener('exit', this.#unmountNow);
    this.#unmountNow();
  }

  readonly #unmountNow = (): void => {
    execFileSync('umount', ['-l', this.#folder], { stdio: 'pipe' });
  };
}
