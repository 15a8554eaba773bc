/** What a message of a contact says, in neutral words; what cannot be shown as what it is becomes a notice. */
import type { InboundContent, MediaKind } from '../../model/content.ts';
import type { WhatsAppMessage } from './envelope.ts';
import { readMarks } from './formatting.ts';
import { mimeTypeOf } from './mime-type.ts';
import { noticeOf } from './notices.ts';

const mediaTypes = ['image', 'video', 'audio', 'document', 'sticker'] as const;

export function contentOf(message: WhatsAppMessage): InboundContent {
  if (message.type === 'text' && message.text !== undefined && message.text.body.trim() !== '')
    return { type: 'text', text: readMarks(withOrigin(message, message.text.body)) };
  const type = mediaTypes.find((known) => known === message.type);
  const media = type && message[type];
  if (type === undefined || media?.id === undefined) return noticeOf(message);
  const { id, mime_type, sha256, caption, filename } = media;
  const kind: MediaKind = type === 'audio' && media.voice === true ? 'voice' : type;
  const hash = hexOf(sha256);
  return {
    type: 'media',
    kind,
    file: { reference: id, ...(hash === undefined ? {} : { sha256: hash }) },
    mimeType: mimeTypeOf(mime_type),
    ...(filename === undefined || filename === '' ? {} : { fileName: filename }),
    ...(caption === undefined || caption === '' ? {} : { caption: readMarks(caption) }),
  };
}

/** A text that was written from a product or an advertisement says from which. */
function withOrigin({ context, referral }: WhatsAppMessage, body: string): string {
  const product = context?.referred_product;
  const about = product === undefined ? [] : [`(about the product ${product.product_retailer_id ?? 'that was shown'})`];
  const source = [referral?.headline, referral?.source_url].filter(Boolean).join(', ');
  return [body, ...about, ...(source === '' ? [] : [`(written from an advertisement: ${source})`])].join('\n');
}

/** Webhooks carry base64; the Graph API hex. */
function hexOf(sha256: string | undefined): string | undefined {
  if (sha256 === undefined) return undefined;
  if (/^[0-9a-f]{64}$/i.test(sha256)) return sha256.toLowerCase();
  const bytes = Buffer.from(sha256, 'base64');
  return bytes.length === 32 ? bytes.toString('hex') : undefined;
}
