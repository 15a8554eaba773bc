import { expect, test } from '@jest/globals';
import { maxTextLength, renderMedia, renderNotice, renderReaction, renderText } from '../../../src/matrix/render.ts';
import { asId, type ContentUri, type EventId } from '../../../src/model/ids.ts';
import { plainText, type RichText, textStyles } from '../../../src/model/rich-text.ts';

const target = asId<EventId>('$target');
const file = { uri: asId<ContentUri>('mxc://a.example/file'), sizeBytes: 12 };
const bold: RichText = { text: 'now', ranges: [{ start: 0, length: 3, style: 'bold' }] };

test('a text without styles is sent as it is', () => {
  expect(renderText(plainText('a <b>'))).toEqual({
    type: 'm.room.message',
    content: { msgtype: 'm.text', body: 'a <b>' },
  });
});

test('a text with styles carries both forms', () => {
  expect(renderText(bold).content).toEqual({
    msgtype: 'm.text',
    body: 'now',
    format: 'org.matrix.custom.html',
    formatted_body: '<strong>now</strong>',
  });
});

test('a reply names what it replies to and repeats nothing of it', () => {
  const relation = { 'm.in_reply_to': { event_id: target } };
  expect(renderText(plainText('yes'), { replyTo: target }).content).toEqual({
    msgtype: 'm.text',
    body: 'yes',
    'm.relates_to': relation,
  });
  expect(renderNotice('no', { replyTo: target }).content).toEqual({
    msgtype: 'm.notice',
    body: 'no',
    'm.relates_to': relation,
  });
});

test('a forwarded message says so in a line of its own', () => {
  expect(renderText(bold, { forwarded: 'once' }).content).toMatchObject({
    body: 'Forwarded\nnow',
    formatted_body: '<em>Forwarded</em><br><strong>now</strong>',
  });
  expect(renderNotice('x', { forwarded: 'once' }).content).toMatchObject({ body: 'Forwarded\nx' });
});

test('a picture carries type, size and measures; a caption does not replace its name', () => {
  const picture = { type: 'media', kind: 'image', file, mimeType: 'image/jpeg', width: 3, height: 4 } as const;
  expect(renderMedia(picture)).toEqual({
    type: 'm.room.message',
    content: {
      msgtype: 'm.image',
      body: 'image.jpeg',
      filename: 'image.jpeg',
      url: file.uri,
      info: { mimetype: 'image/jpeg', size: 12, w: 3, h: 4 },
    },
  });
  expect(renderMedia({ ...picture, fileName: 'form.jpg', caption: bold }).content).toMatchObject({
    body: 'now',
    formatted_body: '<strong>now</strong>',
    filename: 'form.jpg',
  });
  expect(renderMedia(picture, { forwarded: 'once' }).content).toMatchObject({
    body: 'Forwarded',
    filename: 'image.jpeg',
  });
});

test('each kind of file is shown as what it is', () => {
  const shown = (kind: 'video' | 'audio' | 'voice' | 'document' | 'sticker', mimeType: string): unknown => {
    const { type, content } = renderMedia({ type: 'media', kind, file, mimeType });
    return [type, content['msgtype'], content['body'], Object.hasOwn(content, 'org.matrix.msc3245.voice')];
  };
  expect(shown('video', 'video/mp4')).toEqual(['m.room.message', 'm.video', 'video.mp4', false]);
  expect(shown('audio', 'audio/mpeg')).toEqual(['m.room.message', 'm.audio', 'audio.mpeg', false]);
  expect(shown('voice', 'audio/ogg; codecs=opus')).toEqual(['m.room.message', 'm.audio', 'voice.ogg', true]);
  expect(shown('document', 'application/vnd.oasis.opendocument.text')).toEqual([
    'm.room.message',
    'm.file',
    'document',
    false,
  ]);
  expect(shown('sticker', 'image/webp')).toEqual(['m.sticker', undefined, 'sticker.webp', false]);
});

test('a reaction annotates its target', () => {
  expect(renderReaction(target, '👍')).toEqual({
    type: 'm.reaction',
    content: { 'm.relates_to': { rel_type: 'm.annotation', event_id: target, key: '👍' } },
  });
});

test('a text of the greatest length fits into an event, whatever it holds and however it is styled', () => {
  for (const text of ['"', '\u0001', '漢', '\n', ' ']) {
    const whole = text.repeat(maxTextLength);
    const ranges = textStyles.flatMap((style) =>
      Array.from({ length: maxTextLength / 2 }, (_, at) => ({ start: at * 2, length: 1, style })),
    );
    for (const rich of [
      plainText(whole),
      { text: whole, ranges },
      ...[40, 1_000, 1_250].map((count) => ({ text: whole, ranges: ranges.slice(0, count) })),
    ]) {
      expect(Buffer.byteLength(JSON.stringify(renderText(rich).content))).toBeLessThan(62_000);
    }
  }
});
