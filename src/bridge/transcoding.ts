/**
 * Makes a sealed file into one of a type that the network takes: out of one sealed file, through ffmpeg, into another.
 * No plain byte is ever on disk. Whatever the file holds, it takes a bounded time and little of the machine, and at
 * worst there is nothing but the file itself.
 */
import { Readable } from 'node:stream';
import { AtMost } from '../base/at-most.ts';
import { ChanceryError } from '../base/errors.ts';
import { throughProgram } from '../base/piped-program.ts';
import type { SealedFile, Transcoded, TranscodedType } from '../model/content.ts';
import type { SealedFiles } from '../vault/sealed-files.ts';
import { lookArguments, lookBytes, type Source, sourceOf, transcodeArguments } from './ffmpeg.ts';
import { isOnePicture, type Peek } from './one-picture.ts';
import type { Makeable } from './ways.ts';

export interface TranscodingOptions {
  readonly files: SealedFiles;
  /** The absolute path of ffmpeg; undefined where there is none. */
  readonly ffmpeg: string | undefined;
  /** Milliseconds for one run. Default a minute. */
  readonly withinMs?: number;
  /** Milliseconds for which a file waits for others that are worked on. Default two minutes. */
  readonly patienceMs?: number;
}

const atOnce = 2;

export class Transcoding {
  readonly #options: TranscodingOptions;
  readonly #places = new AtMost(atOnce);

  constructor(options: TranscodingOptions) {
    this.#options = options;
  }

  get isThere(): boolean {
    return this.#options.ffmpeg !== undefined;
  }

  /**
   * Whatever is wrong with the file or with ffmpeg is `not: 'failed'`, and `onTrouble` hears of it. Throws the signal's
   * reason, and what is wrong with the store (`CH-STORE-FAILED`, `CH-MEDIA-DAMAGED`, `CH-MEDIA-GONE`): then nothing is
   * known.
   */
  async make(
    file: SealedFile,
    into: Makeable,
    signal: AbortSignal,
    onTrouble: (thrown: unknown) => void,
  ): Promise<Transcoded> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(this.#options.patienceMs ?? 120_000)]);
    try {
      return await this.#places.run(() => this.#make(file, into, signal), patience);
    } catch (thrown) {
      signal.throwIfAborted();
      const isOver =
        thrown === patience.reason || (thrown instanceof ChanceryError && thrown.code === 'CH-PROGRAM-FAILED');
      if (!isOver) throw thrown;
      onTrouble(thrown);
      return { not: 'failed' };
    }
  }

  async #make(
    file: SealedFile,
    { kind, mimeType, types, maxBytes }: Makeable,
    signal: AbortSignal,
  ): Promise<Transcoded> {
    const source = sourceOf(kind, mimeType);
    if (source === undefined) return { not: 'failed' };
    const type = kind === 'image' ? await this.#pictureType(file, source, { mimeType, types }, signal) : types[0];
    if (type === 'several') return { not: 'several' };
    if (type === undefined) return { not: 'failed' };
    const output = this.#through(file, transcodeArguments(source, file.sizeBytes, type), signal);
    const { files } = this.#options;
    try {
      const made = await files.seal(Readable.from(output, { objectMode: false }), { maxBytes, signal });
      return { file: made, mimeType: type };
    } catch (thrown) {
      if (!(thrown instanceof ChanceryError) || thrown.code !== 'CH-MEDIA-TOO-LARGE') throw thrown;
      return { not: 'too-large', mimeType: type };
    }
  }

  /** PNG for what can be seen through, where the network takes it. */
  async #pictureType(
    file: SealedFile,
    source: Source,
    { mimeType, types }: Pick<Makeable, 'mimeType' | 'types'>,
    signal: AbortSignal,
  ): Promise<TranscodedType | 'several' | undefined> {
    if (!(await isOnePicture(mimeType, this.#peekInto(file)))) return 'several';
    const seen = await this.#look(file, source, signal);
    if (seen.length > lookBytes.one) return 'several';
    const isOpaque = seen.every((alpha) => alpha === 255);
    const [wanted, other] = isOpaque ? (['image/jpeg', 'image/png'] as const) : (['image/png', 'image/jpeg'] as const);
    return [wanted, other].find((type) => types.includes(type));
  }

  async #look(file: SealedFile, source: Source, signal: AbortSignal): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of this.#through(file, lookArguments(source, file.sizeBytes), signal)) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > lookBytes.most) break;
    }
    if (bytes !== lookBytes.one && bytes !== lookBytes.most)
      throw new ChanceryError('CH-PROGRAM-FAILED', { detail: 'It wrote something else than what it was asked for.' });
    return Buffer.concat(pieces);
  }

  async *#through(
    file: SealedFile,
    args: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { ffmpeg, files, withinMs = 60_000 } = this.#options;
    if (ffmpeg === undefined) throw new ChanceryError('CH-PROGRAM-FAILED', { detail: 'It is not there.' });
    let isEmpty = true;
    for await (const piece of throughProgram({
      program: ffmpeg,
      args,
      input: () => files.open(file),
      withinMs,
      signal,
    })) {
      isEmpty = false;
      yield piece;
    }
    if (isEmpty) throw new ChanceryError('CH-PROGRAM-FAILED', { detail: 'It wrote nothing.' });
  }

  #peekInto(file: SealedFile): Peek {
    return async (offset, length) => {
      const found: Uint8Array[] = [];
      let at = 0;
      for await (const piece of this.#options.files.open(file) as AsyncIterable<Uint8Array>) {
        const from = Math.min(piece.length, Math.max(0, offset - at));
        found.push(piece.subarray(from, Math.max(from, offset + length - at)));
        at += piece.length;
        if (at >= offset + length) break;
      }
      return Buffer.concat(found);
    };
  }
}
