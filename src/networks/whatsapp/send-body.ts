/** The bodies of sends, as Meta's examples show them, with `biz_opaque_callback_data`, which statuses bring back. */
import type { MediaKind } from '../../model/content.ts';
import type { Outgoing, OutgoingReaction } from '../contract.ts';
import { writeMarks } from './formatting.ts';
import type { Address } from './identity.ts';

const types: Readonly<Record<MediaKind, string>> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  voice: 'audio',
  document: 'document',
  sticker: 'sticker',
};

/** Throws when a file was not uploaded first. */
export function messageBody({ content, replyTo, sendKey, prepared }: Outgoing, to: Address): object {
  const shared = {
    ...recipient(to),
    ...(replyTo === undefined ? {} : { context: { message_id: replyTo } }),
    biz_opaque_callback_data: sendKey,
  };
  if (content.type === 'text') {
    const body = writeMarks(content.text);
    return { ...shared, type: 'text', text: { body, preview_url: /https?:\/\//.test(body) } };
  }
  if (prepared === undefined) throw new Error('a file has to be uploaded before it is sent');
  const type = types[content.kind];
  const takesCaption = content.kind === 'image' || content.kind === 'video' || content.kind === 'document';
  return {
    ...shared,
    type,
    [type]: {
      id: prepared,
      ...(takesCaption && content.caption !== undefined ? { caption: writeMarks(content.caption) } : {}),
      ...(content.kind === 'document' ? { filename: content.fileName ?? 'document' } : {}),
      ...(content.kind === 'voice' ? { voice: true } : {}),
    },
  };
}

/** No emoji takes the reaction back (Meta: "Reaction messages"). */
export function reactionBody({ target, emoji, sendKey }: OutgoingReaction, to: Address): object {
  return {
    ...recipient(to),
    biz_opaque_callback_data: sendKey,
    type: 'reaction',
    reaction: { message_id: target, emoji: emoji ?? '' },
  };
}

/** A telephone number where one is known, else the business-scoped user id. */
function recipient({ phone, userId }: Address): object {
  const to = phone === undefined ? { recipient: userId } : { to: phone };
  return { messaging_product: 'whatsapp', recipient_type: 'individual', ...to };
}
