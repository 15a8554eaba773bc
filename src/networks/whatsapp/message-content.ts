/** What a message of a contact says, in neutral words; what cannot be shown as what it is becomes a notice. */
import type { InboundContent, LocationContent, MediaKind } from '../../model/content.ts';
import { contactsFile } from './contact-cards.ts';
import type { WhatsAppMessage } from './envelope.ts';
import { readMarks } from './formatting.ts';
import { mimeTypeOf } from './mime-type.ts';
import { member, noticeOf, textAt } from './notices.ts';
import { choiceIn } from './offered-answers.ts';

const mediaTypes = ['image', 'video', 'audio', 'document', 'sticker'] as const;

export function contentOf(message: WhatsAppMessage): InboundContent {
  if (message.type === 'text' && message.text !== undefined && message.text.body.trim() !== '')
    return { type: 'text', text: readMarks(withOrigin(message, message.text.body)) };
  return mediaIn(message) ?? locationIn(message) ?? contactsFile(message) ?? choiceIn(message) ?? noticeOf(message);
}

function mediaIn(message: WhatsAppMessage): InboundContent | undefined {
  const type = mediaTypes.find((known) => known === message.type);
  const media = type && message[type];
  if (type === undefined || media?.id === undefined) return undefined;
  const { id, mime_type, sha256, filename } = media;
  const kind: MediaKind = type === 'audio' && media.voice === true ? 'voice' : type;
  const hash = hexOf(sha256);
  const caption = withOrigin(message, media.caption ?? '');
  return {
    type: 'media',
    kind,
    file: { reference: id, ...(hash === undefined ? {} : { sha256: hash }) },
    mimeType: mimeTypeOf(mime_type),
    ...(filename === undefined || filename === '' ? {} : { fileName: filename }),
    ...(caption === '' ? {} : { caption: readMarks(caption) }),
  };
}

/** Coordinates that are none are words. */
function locationIn({ type, location }: WhatsAppMessage): LocationContent | undefined {
  if (type !== 'location') return undefined;
  const [latitude, longitude] = [degrees(location, 'latitude', 90), degrees(location, 'longitude', 180)];
  if (latitude === undefined || longitude === undefined) return undefined;
  const [name, address] = [wordsAt(location, 'name'), wordsAt(location, 'address')];
  return {
    type: 'location',
    latitude,
    longitude,
    ...(name === '' ? {} : { name }),
    ...(address === '' ? {} : { address }),
  };
}

function degrees(location: unknown, key: string, most: number): number | undefined {
  const value = member(location, key);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Math.abs(number) <= most ? number : undefined;
}

const maxPlaceWords = 1_000;
const wordsAt = (value: unknown, key: string): string =>
  textAt(value, key).slice(0, maxPlaceWords).toWellFormed().replaceAll('\0', '\ufffd');

/** What was written from a product or an advertisement says from which. */
function withOrigin({ context, referral }: WhatsAppMessage, body: string): string {
  const product = context?.referred_product;
  const about = product === undefined ? [] : [`(about the product ${product.product_retailer_id ?? 'that was shown'})`];
  const source = [referral?.headline, referral?.source_url].filter(Boolean).join(', ');
  const origin = source === '' ? [] : [`(written from an advertisement: ${source})`];
  return [...(body === '' ? [] : [body]), ...about, ...origin].join('\n');
}

/** Webhooks carry base64; the Graph API hex. */
function hexOf(sha256: string | undefined): string | undefined {
  if (sha256 === undefined) return undefined;
  if (/^[0-9a-f]{64}$/i.test(sha256)) return sha256.toLowerCase();
  const bytes = Buffer.from(sha256, 'base64');
  return bytes.length === 32 ? bytes.toString('hex') : undefined;
}
