import type { MediaKind, TranscodedType } from '../model/content.ts';

/** What the bridge says at a message, in plain words: what happened, and what to do. */
export const words = {
  notPermitted: (network: string): string =>
    `This was not sent to ${network}: you are not among those who may write here. Ask your administrator (rooms.officials).`,
  cannotEdit: (network: string): string =>
    `${network} cannot change a message that was sent: the other side still reads the first version. Send the correction as a new message.`,
  editOfUnsent: (network: string): string =>
    `That message was not sent to ${network}, so there is nothing to change. Send the correction as a new message.`,
  undelivered: (network: string, reason: string): string => `${network} did not deliver this. ${reason}`,
  cannotDelete: (network: string): string =>
    `${network} cannot take back a message that was sent: the other side still has it.`,
  cannotSend: (network: string, what: string): string =>
    `This was not sent: ${network} does not get ${what} from here. Write it as text, or send it as a file.`,
  noSuchTarget: (network: string): string =>
    `This was not sent: ${network} does not know the message that it refers to.`,
  notDelivered: (network: string, reason: string): string => `This was not sent to ${network}. ${reason}`,
  uncertain: (network: string): string =>
    `Nobody can tell whether this reached ${network}: its answer did not come, or made no sense. It is not sent again by itself. Ask the other side; if it is missing, write it again, or have an administrator use \`retry\`.`,
  tooLarge: (network: string, megabytes: number): string =>
    `This file was not sent: ${network} takes at most ${megabytes} MB of this kind.`,
  tooLargeMade: (network: string, type: TranscodedType, megabytes: number): string =>
    `This file was not sent: ${network} takes it as ${typeName(type)} only, and so it is over the ${megabytes} MB that it takes of this kind. Make it smaller, or send it as a file.`,
  wentAs: (as: MediaKind, why?: 'several' | 'failed'): string =>
    `This went as ${articled[as]}.${why === undefined ? '' : ` ${whyNotMade[why]}`}`,
  takesOnly: (network: string, kind: MediaKind, types: readonly string[]): string =>
    `${network} takes ${plurals[kind]} as ${listed(types.map(typeName))} only. ${
      kind === 'voice'
        ? 'Apps such as Element record in that type.'
        : `Send it as ${listed(types.map(typeName))} to have it shown at once.`
    }`,
  kindNotTaken: (network: string, kind: string): string =>
    `This was not sent: ${network} takes no file of this kind (${kind}).`,
  dropped: (network: string, reason: string): string =>
    `This was not sent to ${network}, or not all of it: an administrator took it out of the queue. ${reason}`,
  droppedOnItsWay: (network: string, reason: string): string =>
    `Nobody can tell whether this reached ${network}, and an administrator took it out of the queue. ${reason}`,
  droppedOnItsWayIn: (network: string, receivedAt: Date, reason: string): string =>
    `Something that came from ${network} at ${receivedAt.toISOString()} could not be shown here: an administrator took it out of the queue. ${reason}`,
  closed:
    'This room no longer belongs to a chat: what is written here from now on reaches nobody. What was said in it stays.',
  fileGone: 'This file was not sent: the homeserver does not have it any more. Send it again.',
} as const;

const typeNames: Readonly<Record<string, string>> = {
  'audio/aac': 'AAC',
  'audio/amr': 'AMR',
  'audio/mp4': 'M4A',
  'audio/mpeg': 'MP3',
  'audio/ogg': 'Ogg Opus',
  'image/jpeg': 'JPEG',
  'image/png': 'PNG',
  'image/webp': 'WebP',
  'video/3gpp': '3GP',
  'video/mp4': 'MP4',
};
const typeName = (mimeType: string): string => typeNames[mimeType] ?? mimeType;

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;

const plurals: Readonly<Record<MediaKind, string>> = {
  image: 'images',
  video: 'videos',
  audio: 'audio files',
  voice: 'voice messages',
  document: 'documents',
  sticker: 'stickers',
};

const articled: Readonly<Record<MediaKind, string>> = {
  image: 'an image',
  video: 'a video',
  audio: 'an audio file',
  voice: 'a voice message',
  document: 'a document',
  sticker: 'a sticker',
};

const whyNotMade = {
  several: 'It moves or has several pages, and only the first picture would have been left.',
  failed: 'It could not be turned into one.',
} as const;
