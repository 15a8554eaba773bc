/**
 * The file of an official as it goes to the network, sealed: fetched, and made into a type that the network takes where
 * that is needed and can be done. Each step is remembered and none is done twice.
 */
import { ChanceryError } from '../base/errors.ts';
import { reached } from '../base/named-points.ts';
import type { MediaAction } from '../matrix/read-event.ts';
import type { MediaKind, SealedFile, Transcoded } from '../model/content.ts';
import type { Part, PartProgress } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';
import type { Attempt } from './sending.ts';
import type { Transcoding } from './transcoding.ts';
import { type Makeable, waysOf } from './ways.ts';
import { words } from './words.ts';

/** Why it never will be sent. */
export interface Refusal {
  readonly refusal: string;
}

export interface OutboundFile {
  readonly kind: MediaKind;
  readonly file: SealedFile;
  readonly mimeType: string;
  /** What is remembered of the part by now. */
  readonly progress: PartProgress;
}

const megabyte = 1024 * 1024;
const inMegabytes = (bytes: number): number => Math.floor(bytes / megabyte);
/** Of a file that is made into another: after that only the size of the other counts. */
const maxOriginalBytes = 100 * megabyte;
/** What the process died of so many times is not begun again. */
const maxBegun = 3;

export class OutboundFiles {
  readonly #context: BridgeContext;
  readonly #transcoding: Transcoding;

  constructor(context: BridgeContext, transcoding: Transcoding) {
    this.#context = context;
    this.#transcoding = transcoding;
  }

  /**
   * Limits are told before a byte is moved, where the sender tells the size. Throws what the homeserver, the store and
   * the signal throw: that may be tried again.
   */
  async ready(attempt: Attempt, action: MediaAction, signal: AbortSignal): Promise<OutboundFile | Refusal> {
    const { part, session, networkName } = attempt;
    const { asItIs, made } = waysOf(session.capabilities, action);
    const making = this.#transcoding.isThere || part.progress.transcoded !== undefined ? made : undefined;
    const maxBytes = asItIs?.limit.maxBytes ?? 0;
    const tooLarge = { refusal: words.tooLarge(networkName, inMegabytes(maxBytes)) };
    const notTaken = { refusal: words.kindNotTaken(networkName, action.media) };
    if (asItIs === undefined && making === undefined) return notTaken;
    const known = await this.#known(part);
    if (known !== undefined && 'file' in known) return { ...known, kind: action.media, progress: part.progress };
    const fetched = await this.#original(part, action, making === undefined ? maxBytes : maxOriginalBytes, signal);
    if (fetched === undefined) return tooLarge;
    const { file, progress } = fetched;
    const transcoded = known ?? (making && (await this.#make(part, making, fetched, signal)));
    if (transcoded !== undefined && 'file' in transcoded)
      return { ...transcoded, kind: action.media, progress: { ...progress, transcoded } };
    if (transcoded?.not === 'too-large') {
      const mostMegabytes = inMegabytes(made?.maxBytes ?? 0);
      return { refusal: words.tooLargeMade(networkName, transcoded.mimeType, mostMegabytes) };
    }
    if (asItIs === undefined) return notTaken;
    if (file.sizeBytes > maxBytes) return tooLarge;
    const more = transcoded === undefined ? {} : { transcoded };
    return { kind: asItIs.kind, file, mimeType: action.mimeType, progress: { ...progress, ...more } };
  }

  async remember(part: Part, progress: PartProgress): Promise<void> {
    const { store, clock } = this.#context;
    await store.write((unit) => unit.parts.change(part.id, clock.now(), { progress }));
  }

  /** What came of an earlier attempt to make it into something else. */
  async #known({ progress: { transcoded } }: Part): Promise<Transcoded | undefined> {
    if (transcoded === undefined) return undefined;
    if ('begun' in transcoded) return transcoded.begun < maxBegun ? undefined : { not: 'failed' };
    return 'not' in transcoded || (await this.#context.files.has(transcoded.file.name)) ? transcoded : undefined;
  }

  /** Undefined when it is larger than that. */
  async #original(
    part: Part,
    { uri, mimeType, sizeBytes = 0 }: MediaAction,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<{ file: SealedFile; progress: PartProgress } | undefined> {
    const { files, homeserver, bot } = this.#context;
    const { progress } = part;
    if (sizeBytes > maxBytes) return undefined;
    if (progress.file !== undefined && (await files.has(progress.file.name))) return { file: progress.file, progress };
    const { stream } = await homeserver.downloadMedia(bot, uri, signal);
    try {
      const file = await files.seal(stream, { maxBytes, signal });
      const fetched = { ...progress, file, uri, mimeType };
      await this.remember(part, fetched);
      reached('outbound.media-sealed');
      return { file, progress: fetched };
    } catch (thrown) {
      if (thrown instanceof ChanceryError && thrown.code === 'CH-MEDIA-TOO-LARGE') return undefined;
      throw thrown;
    }
  }

  async #make(
    part: Part,
    into: Makeable,
    { file, progress }: { readonly file: SealedFile; readonly progress: PartProgress },
    signal: AbortSignal,
  ): Promise<Transcoded> {
    const { transcoded: before } = progress;
    const begun = before !== undefined && 'begun' in before ? before.begun + 1 : 1;
    await this.remember(part, { ...progress, transcoded: { begun } });
    const made = await this.#unlessInterrupted(part, progress, () =>
      this.#transcoding.make(file, into, signal, (thrown) => this.#tell(part, thrown)),
    );
    await this.remember(part, { ...progress, transcoded: made });
    reached('outbound.media-transcoded');
    return made;
  }

  /** Only a process that died does not come to say that it was not the file. */
  async #unlessInterrupted<Result>(part: Part, progress: PartProgress, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (thrown) {
      await this.remember(part, progress);
      throw thrown;
    }
  }

  #tell({ id, portalId, journalId }: Part, thrown: unknown): void {
    const named = { portal: portalId, row: journalId, part: id, err: thrown };
    this.#context.log.info(named, 'a file goes as it is: it could not be made into what the network takes');
  }
}
