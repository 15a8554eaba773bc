/** A file of an official, made ready to be sent: sealed here as it goes, then prepared (uploaded) at the network. */
import { ChanceryError } from '../base/errors.ts';
import { reached } from '../base/named-points.ts';
import { HomeserverError } from '../matrix/homeserver-error.ts';
import type { MediaAction, TextAction, ThingAction } from '../matrix/read-event.ts';
import type { MediaContent, OutboundContent, SealedFile } from '../model/content.ts';
import type { BridgeContext } from './context.ts';
import { isFileGivenUp } from './file-trouble.ts';
import { type OutboundFile, OutboundFiles, type Refusal } from './outbound-file.ts';
import type { Attempt } from './sending.ts';
import type { Transcoding } from './transcoding.ts';
import { adviceAt } from './ways.ts';
import { words } from './words.ts';
import type { OutboundWork } from './work.ts';

type Work = OutboundWork<TextAction | MediaAction | ThingAction>;

/** What a part says, ready to be sent, or why it never will be. */
export type Readied = { readonly content: OutboundContent; readonly prepared?: string } | Refusal;

export class OutboundMedia {
  readonly #context: BridgeContext;
  readonly #files: OutboundFiles;

  constructor(context: BridgeContext, transcoding: Transcoding) {
    this.#context = context;
    this.#files = new OutboundFiles(context, transcoding);
  }

  /** The file as the network is to send it, or why it never will. Anything thrown may be tried again. */
  async ready({ signal }: Work, attempt: Attempt, action: MediaAction): Promise<Readied> {
    const { part, session, networkName } = attempt;
    try {
      const sealed = await this.#files.ready(attempt, action, signal);
      if ('refusal' in sealed) return sealed;
      const content = contentOf(action, sealed);
      const { progress } = sealed;
      if (progress.prepared !== undefined) return { content, prepared: progress.prepared };
      const prepared = await session.prepare?.(content, signal);
      if (prepared === undefined) return { content };
      await this.#files.remember(part, { ...progress, prepared });
      reached('outbound.media-uploaded');
      return { content, prepared };
    } catch (thrown) {
      if (thrown instanceof ChanceryError && thrown.code === 'CH-MEDIA-REFUSED') {
        const advice = adviceAt(networkName, session.capabilities, action);
        return { refusal: words.notDelivered(networkName, joined(thrown.detail ?? thrown.advice, advice)) };
      }
      if (thrown instanceof HomeserverError && thrown.kind === 'permanent') return { refusal: words.fileGone };
      const isAway = thrown instanceof HomeserverError && thrown.kind === 'again';
      const isRefused = thrown instanceof ChanceryError && thrown.code === 'CH-MEDIA-TROUBLE';
      if (!(isAway || isRefused) || !(await isFileGivenUp(this.#context, part))) throw thrown;
      return { refusal: isAway ? words.fileGone : words.notDelivered(networkName, thrown.detail ?? thrown.advice) };
    }
  }
}

function contentOf(
  { mimeType: sentType, fileName, caption, width, height }: MediaAction,
  { file, kind, mimeType }: OutboundFile,
): MediaContent<SealedFile> {
  return {
    type: 'media',
    kind,
    file,
    mimeType,
    fileName: mimeType === sentType ? fileName : withEnding(fileName, mimeType),
    ...(caption === undefined ? {} : { caption }),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  };
}

const joined = (...sentences: readonly (string | undefined)[]): string =>
  sentences.filter((sentence) => sentence !== undefined).join(' ');

const endings: Readonly<Record<string, string>> = { 'image/jpeg': '.jpg', 'image/png': '.png', 'audio/ogg': '.ogg' };

/** The name with the ending of its new type. */
const withEnding = (name: string, mimeType: string): string =>
  name.replace(/(?:\.[a-z0-9]{1,5})?$/iu, endings[mimeType] ?? '$&');
