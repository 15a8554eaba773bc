/**
 * A file of an official, on its way to the network: streamed into a sealed file first, so that it survives an outage,
 * then prepared (uploaded) there. Limits are told before a byte is moved.
 */
import { ChanceryError } from '../base/errors.ts';
import { reached } from '../base/named-points.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { MediaAction, TextAction, ThingAction } from '../matrix/read-event.ts';
import type { Capabilities, MediaLimit } from '../model/capabilities.ts';
import type { MediaContent, MediaKind, OutboundContent, SealedFile } from '../model/content.ts';
import type { Part, PartProgress } from '../store/parts.ts';
import type { BridgeContext } from './context.ts';
import { isFileGivenUp } from './file-trouble.ts';
import type { OutboundWork } from './work.ts';
import type { Attempt } from './sending.ts';
import { words } from './words.ts';

type Work = OutboundWork<TextAction | MediaAction | ThingAction>;

/** What a part says, ready to be sent, or why it never will be. */
export type Readied = { readonly content: OutboundContent; readonly prepared?: string } | { readonly refusal: string };

const megabyte = 1024 * 1024;

export class OutboundMedia {
  readonly #context: BridgeContext;

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  /** The file as the network is to send it, or why it never will. Anything thrown may be tried again. */
  async ready(work: Work, { part, session, networkName }: Attempt, action: MediaAction): Promise<Readied> {
    const taken = suited(session.capabilities, action);
    if (taken === undefined) return { refusal: words.kindNotTaken(networkName, action.media) };
    const { kind, limit } = taken;
    const tooLarge = { refusal: words.tooLarge(networkName, Math.floor(limit.maxBytes / megabyte)) };
    if ((action.sizeBytes ?? 0) > limit.maxBytes) return tooLarge;
    try {
      const file = await this.#sealed(work, part, action, limit);
      const content = contentOf(action, kind, file);
      if (part.progress.prepared !== undefined) return { content, prepared: part.progress.prepared };
      const prepared = await session.prepare?.(content, work.signal);
      if (prepared === undefined) return { content };
      await this.#remember(part, { file, prepared });
      reached('outbound.media-uploaded');
      return { content, prepared };
    } catch (thrown) {
      if (thrown instanceof ChanceryError && thrown.code === 'CH-MEDIA-TOO-LARGE') return tooLarge;
      if (thrown instanceof ChanceryError && thrown.code === 'CH-MEDIA-REFUSED') {
        return { refusal: words.notDelivered(networkName, thrown.detail ?? thrown.advice) };
      }
      if (thrown instanceof HomeserverError && thrown.kind === 'permanent') return { refusal: words.fileGone };
      const isAway = thrown instanceof HomeserverError && thrown.kind === 'again';
      const isRefused = thrown instanceof ChanceryError && thrown.code === 'CH-MEDIA-TROUBLE';
      if (!(isAway || isRefused) || !(await isFileGivenUp(this.#context, part))) throw thrown;
      return { refusal: isAway ? words.fileGone : words.notDelivered(networkName, thrown.detail ?? thrown.advice) };
    }
  }

  async #sealed({ signal }: Work, part: Part, { uri }: MediaAction, { maxBytes }: MediaLimit): Promise<SealedFile> {
    const { files, homeserver, bot } = this.#context;
    const known = part.progress.file;
    if (known !== undefined && (await files.has(known.name))) return known;
    const { stream } = await homeserver.downloadMedia(bot, uri, signal);
    const sealed = await files.seal(stream, { maxBytes, signal });
    await this.#remember(part, { ...part.progress, file: sealed });
    reached('outbound.media-sealed');
    return sealed;
  }

  async #remember(part: Part, progress: PartProgress): Promise<void> {
    const { store, clock } = this.#context;
    await store.write((unit) => unit.parts.change(part.id, clock.now(), { progress }));
  }
}

/** The kind as which the network takes this file: its own, a voice message as mere audio, else as a document. */
export function suited(
  { media }: Capabilities,
  { media: kind, mimeType }: MediaAction,
): { kind: MediaKind; limit: MediaLimit } | undefined {
  // Without parameters such as `; codecs=opus`.
  const [type = ''] = mimeType.toLowerCase().split(';');
  for (const as of kind === 'voice' ? (['voice', 'audio'] as const) : [kind]) {
    const limit = media[as];
    if (limit !== undefined && (limit.mimeTypes?.includes(type.trim()) ?? true)) return { kind: as, limit };
  }
  return media.document === undefined ? undefined : { kind: 'document', limit: media.document };
}

function contentOf(
  { mimeType, fileName, caption, width, height }: MediaAction,
  kind: MediaKind,
  file: SealedFile,
): MediaContent<SealedFile> {
  return {
    type: 'media',
    kind,
    file,
    mimeType,
    fileName,
    ...(caption === undefined ? {} : { caption }),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  };
}
