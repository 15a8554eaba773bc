/** As what the network takes a file, and what a sender is told when that is not what they sent it as. */
import type { MediaAction } from '../matrix/read-event.ts';
import type { Capabilities, MediaLimit } from '../model/capabilities.ts';
import type { MediaKind, TranscodedType } from '../model/content.ts';
import type { PartProgress } from '../store/parts.ts';
import { sourceOf } from './ffmpeg.ts';
import { words } from './words.ts';

export interface Way {
  readonly kind: MediaKind;
  readonly limit: MediaLimit;
}

/** What a file can be made into, so that it goes as its own kind. */
export interface Makeable {
  readonly kind: MediaKind;
  /** The type that it has now: lower case, no parameters. */
  readonly mimeType: string;
  readonly types: readonly TranscodedType[];
  readonly maxBytes: number;
}

export interface Ways {
  /** Its own kind, a voice message as mere audio, else a document; undefined: not at all. */
  readonly asItIs: Way | undefined;
  /** Its own kind, once it was made into another type; undefined where it is of such a type, or cannot be made. */
  readonly made: Makeable | undefined;
  /** Whether words may go along, however it goes. */
  readonly takesCaption: boolean;
}

/** What of it decides. */
type Sent = Pick<MediaAction, 'media' | 'mimeType'>;

export function waysOf({ media }: Pick<Capabilities, 'media'>, action: Sent): Ways {
  const mimeType = bare(action.mimeType);
  const asItIs = wayAsItIs(media, action.media, mimeType);
  const own = media[action.media];
  const isMakeable =
    own?.transcodesTo !== undefined && asItIs?.kind !== action.media && sourceOf(action.media, mimeType) !== undefined;
  const made = isMakeable
    ? { kind: action.media, mimeType, types: own.transcodesTo, maxBytes: own.maxBytes }
    : undefined;
  const limits = [asItIs?.limit, isMakeable ? own : undefined];
  return { asItIs, made, takesCaption: limits.every((limit) => limit?.caption !== false) };
}

function wayAsItIs(media: Capabilities['media'], kind: MediaKind, mimeType: string): Way | undefined {
  for (const as of kind === 'voice' ? (['voice', 'audio'] as const) : [kind]) {
    const limit = media[as];
    if (limit !== undefined && (limit.mimeTypes?.includes(mimeType) ?? true)) return { kind: as, limit };
  }
  return media.document === undefined ? undefined : { kind: 'document', limit: media.document };
}

/** Without parameters such as `; codecs=opus`. */
const bare = (mimeType: string): string => (mimeType.toLowerCase().split(';')[0] ?? '').trim();

/** What to say at a file that goes, or would have gone, as another kind than its own. */
export function adviceAt(network: string, { media }: Pick<Capabilities, 'media'>, action: Sent): string | undefined {
  const types = media[action.media]?.mimeTypes;
  const isItself = waysOf({ media }, action).asItIs?.kind === action.media;
  return types === undefined || isItself ? undefined : words.takesOnly(network, action.media, types);
}

/** What to say at a file that was passed on as another kind than its own. */
export function hintAt(
  network: string,
  capabilities: Pick<Capabilities, 'media'>,
  action: Sent,
  { transcoded }: PartProgress,
): string | undefined {
  const advice = adviceAt(network, capabilities, action);
  const { asItIs } = waysOf(capabilities, action);
  if (advice === undefined || asItIs === undefined) return undefined;
  if (transcoded !== undefined && 'file' in transcoded) return undefined;
  const not = transcoded !== undefined && 'not' in transcoded ? transcoded.not : undefined;
  return `${words.wentAs(asItIs.kind, not === 'too-large' ? undefined : not)} ${advice}`;
}
