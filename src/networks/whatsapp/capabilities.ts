/** What the Cloud API can do (Meta: "Supported media types", "Messages"). */
import type { Capabilities } from '../../model/capabilities.ts';

const megabyte = 1024 * 1024;

export const capabilities: Capabilities = {
  text: 'full',
  maxTextLength: 4_096,
  maxCaptionLength: 1_024,
  media: {
    image: {
      maxBytes: 5 * megabyte,
      caption: true,
      mimeTypes: ['image/jpeg', 'image/png'],
      transcodesTo: ['image/jpeg', 'image/png'],
    },
    video: { maxBytes: 16 * megabyte, caption: true, mimeTypes: ['video/mp4', 'video/3gpp'] },
    audio: {
      maxBytes: 16 * megabyte,
      caption: false,
      mimeTypes: ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'],
    },
    voice: { maxBytes: 16 * megabyte, caption: false, mimeTypes: ['audio/ogg'], transcodesTo: ['audio/ogg'] },
    document: { maxBytes: 100 * megabyte, caption: true },
    sticker: { maxBytes: megabyte / 2, caption: false, mimeTypes: ['image/webp'] },
  },
  location: 'full',
  poll: 'partial',
  template: 'partial',
  reply: 'full',
  reaction: 'full',
  reactionsPerMessage: 1,
  edit: 'rejected',
  deletion: 'rejected',
  readReceipt: 'full',
  typing: 'full',
};
