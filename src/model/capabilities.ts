/** What a network can do with each thing that a Matrix user can do. The core tells the user before trying. */
import type { MediaKind, TranscodedType } from './content.ts';

/** From "the network refuses it" over "it is silently lost there" to "as good as native". */
export type SupportLevel = 'rejected' | 'dropped' | 'unsupported' | 'partial' | 'full';

export interface MediaLimit {
  readonly maxBytes: number;
  /** The types that the network shows as this kind; anything else goes as a document. */
  readonly mimeTypes?: readonly string[];
  /** What files of other types are made into, where that can be done. */
  readonly transcodesTo?: readonly TranscodedType[];
  /** Whether words may go along; where they may not, they go in a message of their own. */
  readonly caption: boolean;
}

export interface Capabilities {
  readonly text: SupportLevel;
  /** UTF-16 code units in one message; longer texts are sent in parts. */
  readonly maxTextLength: number;
  readonly maxCaptionLength: number;
  readonly media: Readonly<Partial<Record<MediaKind, MediaLimit>>>;
  readonly location: SupportLevel;
  readonly poll: SupportLevel;
  readonly template: SupportLevel;
  readonly reply: SupportLevel;
  readonly reaction: SupportLevel;
  /** How many reactions one account may have on one message. */
  readonly reactionsPerMessage: number;
  readonly edit: SupportLevel;
  readonly deletion: SupportLevel;
  readonly readReceipt: SupportLevel;
  readonly typing: SupportLevel;
}
