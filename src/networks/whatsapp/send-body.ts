/** The bodies of sends, as Meta's examples show them, with `biz_opaque_callback_data`, which statuses bring back. */
import type { LocationContent, MediaKind, PollContent } from '../../model/content.ts';
import type { RemoteMessageId } from '../../model/ids.ts';
import { plainText, type RichText } from '../../model/rich-text.ts';
import type { Outgoing, OutgoingReaction } from '../contract.ts';
import { capabilities } from './capabilities.ts';
import { writeMarks } from './formatting.ts';
import type { Recipient } from './recipient.ts';
import { interactiveOf, pollInWords } from './offered-answers.ts';

const types: Readonly<Record<MediaKind, string>> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  voice: 'audio',
  document: 'document',
  sticker: 'sticker',
};
const maxFileName = 240;

/** What every message has. */
export const messageFrame = ({ replyTo, sendKey }: Pick<Outgoing, 'replyTo' | 'sendKey'>, to: Recipient): object => ({
  ...recipient(to),
  ...(replyTo === undefined ? {} : { context: { message_id: replyTo } }),
  biz_opaque_callback_data: sendKey,
});

/** Why a group does not take this, or undefined (Meta: "Groups API"). A question goes there as a numbered text. */
export function notTakenByGroup({ content, prepared }: Outgoing): string | undefined {
  if (content.type === 'location') return 'Groups of WhatsApp take no location from an agency. Write the address.';
  if (prepared?.startsWith(contactsMark) === true)
    return 'Groups of WhatsApp take no contacts from an agency. Write the number.';
  return undefined;
}

/** Throws when a file was not uploaded first. */
export function messageBody(outgoing: Outgoing, to: Recipient): object {
  const { content, prepared } = outgoing;
  const shared = messageFrame(outgoing, to);
  if (content.type === 'text') return { ...shared, ...textMembers(content.text) };
  if (content.type === 'location') return { ...shared, ...locationMembers(content) };
  if (content.type === 'poll') return { ...shared, ...pollMembers(content, to) };
  if (content.type === 'template') throw new Error('a template is filled where it is known');
  const contacts = prepared === undefined ? undefined : contactsPrepared(prepared);
  if (contacts !== undefined) return { ...shared, type: 'contacts', contacts };
  if (prepared === undefined) throw new Error('a file has to be uploaded before it is sent');
  const type = types[content.kind];
  const takesCaption = capabilities.media[content.kind]?.caption === true;
  const caption =
    takesCaption && content.caption !== undefined ? marked(content.caption, capabilities.maxCaptionLength) : '';
  return {
    ...shared,
    type,
    [type]: {
      id: prepared,
      ...(caption === '' ? {} : { caption }),
      ...(content.kind === 'document' ? { filename: fileName(content.fileName) } : {}),
      ...(content.kind === 'voice' ? { voice: true } : {}),
    },
  };
}

/** What `prepare` keeps of a file that goes as contacts: nothing is uploaded. */
const contactsMark = 'contacts:';
export const preparedContacts = (contacts: readonly object[]): string => contactsMark + JSON.stringify(contacts);
const contactsPrepared = (prepared: string): unknown =>
  prepared.startsWith(contactsMark) ? JSON.parse(prepared.slice(contactsMark.length)) : undefined;

function textMembers(text: RichText): object {
  const body = marked(text, capabilities.maxTextLength);
  return { type: 'text', text: { body, preview_url: /https?:\/\//.test(body) } };
}

const locationMembers = ({ latitude, longitude, name, address }: LocationContent): object => ({
  type: 'location',
  location: {
    latitude,
    longitude,
    ...(name === undefined ? {} : { name }),
    ...(address === undefined ? {} : { address }),
  },
});

/** A group takes nothing interactive. */
function pollMembers(poll: PollContent, to: Recipient): object {
  const interactive = 'group' in to ? undefined : interactiveOf(poll);
  return interactive === undefined ? textMembers(plainText(pollInWords(poll))) : { type: 'interactive', interactive };
}

/** No emoji takes the reaction back (Meta: "Reaction messages"). */
export function reactionBody({ target, emoji, sendKey }: OutgoingReaction, to: Recipient): object {
  return {
    ...recipient(to),
    biz_opaque_callback_data: sendKey,
    type: 'reaction',
    reaction: { message_id: target, emoji: emoji ?? '' },
  };
}

/** This message and all before it were read. */
export const readBody = (message: RemoteMessageId): object => ({
  messaging_product: 'whatsapp',
  status: 'read',
  message_id: message,
});

/** Typing rides on a read mark and lasts for 25 seconds (Meta: "Typing indicators"). */
export const typingBody = (lastMessage: RemoteMessageId): object => ({
  ...readBody(lastMessage),
  typing_indicator: { type: 'text' },
});

/** Words are never lost to a limit: where the marks do not fit in, the words go without. */
function marked(rich: RichText, limit: number): string {
  const written = writeMarks(rich);
  return written.length > limit ? rich.text : written;
}

/** A long name loses its middle, not the ending that says what the file is. */
function fileName(name = ''): string {
  if (name === '') return 'document';
  if (name.length <= maxFileName) return name;
  const ending = /\.[^.\s/]{1,20}$/.exec(name)?.[0] ?? '';
  return name.slice(0, maxFileName - ending.length).toWellFormed() + ending;
}

/** A group's id; else a telephone number where one is known, else the business-scoped user id. */
function recipient(to: Recipient): object {
  if ('group' in to) return { messaging_product: 'whatsapp', recipient_type: 'group', to: to.group };
  const { phone, userId } = to;
  const named = phone === undefined ? { recipient: userId } : { to: phone };
  return { messaging_product: 'whatsapp', recipient_type: 'individual', ...named };
}
