/** What a message says, in words of neither side. */
import type { MediaName } from './ids.ts';
import type { RichText } from './rich-text.ts';

export const mediaKinds = ['image', 'video', 'audio', 'voice', 'document', 'sticker'] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** A file that still lies with its network. Only the network's adapter reads `reference`. */
export interface RemoteFile {
  readonly reference: string;
  /** Lower-case hex SHA-256 that the network announced. */
  readonly sha256?: string;
}

/** A file that lies sealed in the media folder. */
export interface SealedFile {
  readonly name: MediaName;
  readonly sizeBytes: number;
  /** Lower-case hex SHA-256 of the plain bytes. */
  readonly sha256: string;
}

/** What files can be made into: pictures, those with see-through parts, and speech (Ogg with Opus, one channel). */
export type TranscodedType = 'image/jpeg' | 'image/png' | 'audio/ogg';

/** What became of a file that was to be of another type: that file, or why there is none. */
export type Transcoded =
  | { readonly file: SealedFile; readonly mimeType: TranscodedType }
  | { readonly not: 'too-large'; readonly mimeType: TranscodedType }
  /** `several`: it moves or has pages, of which only the first would be left. */
  | { readonly not: 'several' | 'failed' };

export interface MediaContent<File> {
  readonly type: 'media';
  readonly kind: MediaKind;
  readonly file: File;
  readonly mimeType: string;
  readonly fileName?: string;
  readonly caption?: RichText;
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
}

export interface TextContent {
  readonly type: 'text';
  readonly text: RichText;
}

/** A place on the earth: degrees north and east (WGS 84). */
export interface LocationContent {
  readonly type: 'location';
  readonly latitude: number;
  readonly longitude: number;
  readonly name?: string;
  readonly address?: string;
}

/** A question to choose an answer from. An answer is known by its place in the list, from 0. */
export interface PollContent {
  readonly type: 'poll';
  readonly question: string;
  readonly answers: readonly string[];
}

/** An answer that somebody chose from what they were offered: the message that this one replies to. */
export interface ChoiceContent {
  readonly type: 'choice';
  /** The place of the answer in our poll; absent where the choice was offered by something else. */
  readonly answer?: number;
  readonly text: string;
}

/** A message that the network has approved, with its slots filled; the one kind that it takes at any time. */
export interface TemplateContent {
  readonly type: 'template';
  readonly name: string;
  /** As the network names it, such as `de`; empty where there is only one. */
  readonly language: string;
  readonly parameters: readonly string[];
}

/** Something that cannot be shown as what it is. `kind` is the network's own word for it. */
export interface NoticeContent {
  readonly type: 'notice';
  readonly kind: string;
  readonly text: string;
}

export type InboundContent = TextContent | MediaContent<RemoteFile> | LocationContent | ChoiceContent | NoticeContent;
export type OutboundContent = TextContent | MediaContent<SealedFile> | LocationContent | PollContent | TemplateContent;
