/** As what a file goes is decided by what the network declares, and a sender is told whenever it is not what they sent. */
import { expect, test } from '@jest/globals';
import { hintAt, waysOf } from '../../../src/bridge/ways.ts';
import type { MediaKind, SealedFile } from '../../../src/model/content.ts';
import { asId } from '../../../src/model/ids.ts';
import { capabilities } from '../../../src/networks/whatsapp/capabilities.ts';

const sent = (media: MediaKind, mimeType: string) => ({ media, mimeType });
const file: SealedFile = { name: asId('f'.repeat(64)), sizeBytes: 1, sha256: '0' };

test.each<[MediaKind, string, MediaKind, boolean]>([
  ['image', 'image/png', 'image', false],
  ['image', 'image/webp', 'document', true],
  ['image', 'IMAGE/WebP; q=1', 'document', true],
  ['image', 'image/svg+xml', 'document', false],
  ['image', 'image/heic', 'document', false],
  ['image', 'constructor', 'document', false],
  ['voice', 'audio/ogg; codecs=opus', 'voice', false],
  ['voice', 'audio/mp4', 'audio', true],
  ['voice', 'audio/webm;codecs=opus', 'document', true],
  ['voice', 'audio/x-unheard-of', 'document', false],
  ['audio', 'audio/wav', 'document', false],
  ['sticker', 'image/png', 'document', false],
  ['video', 'video/webm', 'document', false],
  ['document', 'image/webp', 'document', false],
])('%s of the type %s goes as %s; made into another: %s', (kind, mimeType, as, isMade) => {
  const { asItIs, made } = waysOf(capabilities, sent(kind, mimeType));
  expect(asItIs?.kind).toBe(as);
  expect(made !== undefined).toBe(isMade);
});

test('a caption goes along only where every way takes it, so that the parts are the same however the file goes', () => {
  expect(waysOf(capabilities, sent('image', 'image/webp')).takesCaption).toBe(true);
  expect(waysOf(capabilities, sent('voice', 'audio/webm')).takesCaption).toBe(false);
  expect(waysOf(capabilities, sent('audio', 'audio/wav')).takesCaption).toBe(true);
});

test('a network without documents takes what can be made, and nothing else', () => {
  const media = { image: { ...capabilities.media.image, maxBytes: 5, caption: true } };
  expect(waysOf({ media }, sent('image', 'image/gif'))).toMatchObject({ asItIs: undefined, made: { maxBytes: 5 } });
  expect(waysOf({ media }, sent('video', 'video/mp4'))).toMatchObject({ asItIs: undefined, made: undefined });
});

test.each<[MediaKind, string, string]>([
  [
    'image',
    'image/webp',
    'This went as a document. WhatsApp takes images as JPEG or PNG only. Send it as JPEG or PNG to have it shown at once.',
  ],
  [
    'voice',
    'audio/mp4',
    'This went as an audio file. WhatsApp takes voice messages as Ogg Opus only. Apps such as Element record in that type.',
  ],
  [
    'video',
    'video/webm',
    'This went as a document. WhatsApp takes videos as MP4 or 3GP only. Send it as MP4 or 3GP to have it shown at once.',
  ],
])('of %s of the type %s that goes as it is the sender is told what happened and what to do', (kind, type, words) => {
  expect(hintAt('WhatsApp', capabilities, sent(kind, type), {})).toBe(words);
});

test('of a picture that could not be made into another the sender is told why', () => {
  const hint = (not: 'several' | 'failed') =>
    hintAt('WhatsApp', capabilities, sent('image', 'image/gif'), { transcoded: { not } });
  expect(hint('several')).toMatch(/went as a document\. It moves or has several pages,/u);
  expect(hint('failed')).toMatch(/went as a document\. It could not be turned into one\./u);
});

test('nothing is said of what went as its own kind', () => {
  const hint = (kind: MediaKind, type: string, progress = {}) =>
    hintAt('WhatsApp', capabilities, sent(kind, type), progress);
  expect(hint('image', 'image/jpeg')).toBeUndefined();
  expect(hint('document', 'image/webp')).toBeUndefined();
  expect(hint('image', 'image/webp', { transcoded: { file, mimeType: 'image/jpeg' } })).toBeUndefined();
});
