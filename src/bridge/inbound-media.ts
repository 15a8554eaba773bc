/**
 * A file of a contact, on its way to the homeserver: streamed into a sealed file first, so that it survives an outage;
 * its address reserved and recorded; then uploaded. Each step is remembered and none is done twice.
 */
import { ChanceryError } from '../base/errors.ts';
import { reached } from '../base/named-points.ts';
import type { Acting } from '../matrix/acting.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { MatrixFile } from '../matrix/render.ts';
import type { MediaContent, RemoteFile, SealedFile } from '../model/content.ts';
import type { MessageEvent } from '../model/remote-event.ts';
import type { Part, PartProgress } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';
import { TryAgain } from './failures.ts';
import type { InboundWork } from './work.ts';

/** Where a homeserver names no limit of its own. */
const assumedLimitBytes = 50 * 1024 * 1024;
const soon = 1_000;

export class InboundMedia {
  readonly #context: BridgeContext;

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  /** Throws `CH-MEDIA-GONE` and `CH-MEDIA-TOO-LARGE` when the file can never come; anything else may be tried again. */
  async onHomeserver(
    work: InboundWork<MessageEvent>,
    part: Part,
    as: Acting,
    media: MediaContent<RemoteFile>,
  ): Promise<MatrixFile> {
    const file = await this.#sealed(work, part, media);
    const { mimeType, fileName } = media;
    const uri = part.progress.uri ?? (await this.#context.homeserver.reserveMedia(as));
    await this.#remember(part, { file, uri, mimeType });
    reached('inbound.media-reserved');
    const { files, homeserver } = this.#context;
    const upload = {
      sizeBytes: file.sizeBytes,
      mimeType,
      signal: work.signal,
      ...(fileName === undefined ? {} : { fileName }),
    };
    try {
      await homeserver.uploadMedia(as, uri, files.open(file), upload);
    } catch (thrown) {
      if (isOwnFault(thrown)) {
        await files.remove(file.name);
        await this.#remember(part, { uri });
        throw new TryAgain('the sealed copy of a file is damaged and is fetched again', soon);
      }
      if (!(thrown instanceof HomeserverError) || thrown.errcode !== 'M_NOT_FOUND') throw thrown;
      // The homeserver keeps a reserved address for a day only.
      await this.#remember(part, { file });
      throw new TryAgain('the reserved address of a file has expired', soon);
    }
    reached('inbound.media-uploaded');
    return { uri, sizeBytes: file.sizeBytes };
  }

  async #sealed(
    { portal, signal }: InboundWork<MessageEvent>,
    part: Part,
    { file }: MediaContent<RemoteFile>,
  ): Promise<SealedFile> {
    const { files, homeserver, sessions } = this.#context;
    const known = part.progress.file;
    if (known !== undefined && (await files.has(known.name))) return known;
    const { session } = sessions.get(portal.accountId);
    const maxBytes = (await homeserver.mediaLimitBytes()) ?? assumedLimitBytes;
    const stream = await session.fetchMedia(file, signal);
    const sealed = await files.seal(stream, { maxBytes, expectedSha256: file.sha256, signal });
    await this.#remember(part, { ...part.progress, file: sealed });
    reached('inbound.media-sealed');
    return sealed;
  }

  async #remember(part: Part, progress: PartProgress): Promise<void> {
    const { store, clock } = this.#context;
    await store.write((unit) => unit.parts.change(part.id, clock.now(), { progress }));
  }
}

/** The sealed copy cannot be read any more. */
const isOwnFault = (thrown: unknown): boolean =>
  thrown instanceof ChanceryError && (thrown.code === 'CH-MEDIA-DAMAGED' || thrown.code === 'CH-MEDIA-GONE');
