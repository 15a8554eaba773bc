/** Media on disk: whatever its size, only its facts are in memory. Everything is removed when the simulator stops. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mediaIdentifier } from './identifiers.ts';
import type { MediaFact } from './log-entry.ts';
import type { AccountConfig } from './options.ts';
import { seededBytes } from './seeded-random.ts';

export interface StoredMedia extends MediaFact {
  readonly account: AccountConfig;
  readonly path: string;
}

/** Where the bytes of a citizen's media come from. */
export type MediaSource =
  | { readonly path: string }
  | { readonly bytes: Buffer }
  | { readonly size: number; readonly seed: number };

export class MediaFiles {
  readonly #directory: string;
  readonly #known = new Map<string, StoredMedia>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** In a fresh folder below `parent`, or below the system's place for temporary files. */
  static async open(parent: string | undefined): Promise<MediaFiles> {
    if (parent !== undefined) await mkdir(parent, { recursive: true });
    return new MediaFiles(await mkdtemp(join(parent ?? tmpdir(), 'simulated-whatsapp-')));
  }

  async writer(account: AccountConfig): Promise<MediaWriter> {
    const id = mediaIdentifier();
    const path = join(this.#directory, id);
    return new MediaWriter({ id, path, account }, await open(path, 'wx', 0o600), (media) => {
      this.#known.set(media.id, media);
    });
  }

  async make(
    account: AccountConfig,
    mime: string,
    filename: string | undefined,
    source: MediaSource,
  ): Promise<StoredMedia> {
    const writer = await this.writer(account);
    try {
      if ('bytes' in source) await writer.write(source.bytes);
      else if ('path' in source)
        for await (const chunk of createReadStream(source.path)) await writer.write(chunk as Buffer);
      else for (const chunk of seededBytes(source.size, source.seed)) await writer.write(chunk);
      return await writer.finish(mime, filename);
    } catch (thrown) {
      await writer.discard();
      throw thrown;
    }
  }

  get(id: string): StoredMedia | undefined {
    return this.#known.get(id);
  }

  async remove(media: StoredMedia): Promise<void> {
    this.#known.delete(media.id);
    await rm(media.path, { force: true });
  }

  async removeAll(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

export class MediaWriter {
  size = 0;
  readonly #place: Pick<StoredMedia, 'id' | 'path' | 'account'>;
  readonly #file: FileHandle;
  readonly #done: (media: StoredMedia) => void;
  readonly #hash = createHash('sha256');

  constructor(
    place: Pick<StoredMedia, 'id' | 'path' | 'account'>,
    file: FileHandle,
    done: (media: StoredMedia) => void,
  ) {
    this.#place = place;
    this.#file = file;
    this.#done = done;
  }

  async write(chunk: Buffer): Promise<void> {
    this.size += chunk.length;
    this.#hash.update(chunk);
    await this.#file.writeFile(chunk);
  }

  async finish(mime: string, filename: string | undefined): Promise<StoredMedia> {
    await this.#file.close();
    const media = { ...this.#place, mime, filename, bytes: this.size, sha256: this.#hash.digest('hex') };
    this.#done(media);
    return media;
  }

  async discard(): Promise<void> {
    await this.#file.close();
    await rm(this.#place.path, { force: true });
  }
}

/** What may be told of it outside. */
export const mediaFact = ({ id, mime, bytes, sha256, filename }: StoredMedia): MediaFact => ({
  id,
  mime,
  bytes,
  sha256,
  filename,
});
