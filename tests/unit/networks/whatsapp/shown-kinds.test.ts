/** Each kind of thing that WhatsApp may bring is shown, or said in words: nothing is dropped and nothing is made up. */
import { expect, test } from '@jest/globals';
import { message, sheena, textMessage } from './payloads.ts';
import { seen } from './seen-in-room.ts';

const said = async (item: object): Promise<string[]> => {
  const { lines, unreadable } = await seen([{ contacts: [sheena], messages: [item] }]);
  expect(unreadable).toEqual([]);
  return lines.map((line) => line.replace(/^Sheena Nelson: /, ''));
};

const errors = [{ code: 131051, title: 'Unsupported message type', error_data: { details: 'Not supported.' } }];
const context = { from: '15550783881', id: 'wamid.theirs' };

test.each<[string, object, string]>([
  ['a text with marks', textMessage('*now* or _never_'), 'text "<strong>now</strong> or <em>never</em>"'],
  ['a text that is a number', textMessage(42), 'text "42"'],
  ['a text of nothing', textMessage('  '), 'notice "Sent an empty message."'],
  [
    'a text without its body',
    message('text'),
    'notice "Sent something that cannot be shown here (text). Ask the sender to say it in another way."',
  ],
  ['a reply', textMessage('yes', { context }), 'text in reply "yes"'],
  ['a forwarded text', textMessage('look', { context: { forwarded: true } }), 'text "<em>Forwarded</em><br>look"'],
  [
    'a text that was forwarded often',
    textMessage('look', { context: { frequently_forwarded: true } }),
    'text "<em>Forwarded many times</em><br>look"',
  ],
  [
    'a text written from an advertisement',
    textMessage('hello', { referral: { source_url: 'https://fb.me/1', headline: 'Bin day', source_type: 'ad' } }),
    'text "hello\n(written from an advertisement: Bin day, https://fb.me/1)"',
  ],
  ['an image', message('image', { image: { id: '1', mime_type: 'image/png' } }), 'image image.png'],
  [
    'an image with a styled caption',
    message('image', { image: { id: 1, mime_type: 'image/jpeg', caption: 'the *hole*' } }),
    'image image.jpeg "the <strong>hole</strong>"',
  ],
  ['a video', message('video', { video: { id: '1', mime_type: 'video/mp4' } }), 'video video.mp4'],
  [
    'an audio file',
    message('audio', { audio: { id: '1', mime_type: 'audio/mpeg', voice: false } }),
    'audio audio.mpeg',
  ],
  [
    'a voice message',
    message('audio', { audio: { id: '1', mime_type: 'audio/ogg; codecs=opus', voice: true } }),
    'voice audio voice.ogg',
  ],
  [
    'a document',
    message('document', { document: { id: '1', mime_type: 'application/pdf', filename: 'Form 7.pdf' } }),
    'file Form 7.pdf',
  ],
  ['a sticker', message('sticker', { sticker: { id: '1', mime_type: 'image/webp', animated: true } }), 'sticker'],
  ['a file of no known type', message('document', { document: { id: '1' } }), 'file document'],
  [
    'a type that would break a header',
    message('image', { image: { id: '1', mime_type: 'image/png\r\nX-Evil: 1' } }),
    'image image',
  ],
  [
    'a file that WhatsApp could not keep',
    message('image', { image: { caption: 'the bill' }, errors: [{ code: 131052, title: 'Media download error' }] }),
    'notice "Sent something that cannot be shown here (image). Ask the sender to say it in another way. It says: “the bill”. Media download error"',
  ],
  [
    'a place',
    message('location', { location: { latitude: 52.5, longitude: -1.25, name: 'Town hall', address: 'High St 1' } }),
    'location "Location: Town hall, High St 1 (52.5, -1.25)"',
  ],
  ['a bare place', message('location', { location: { latitude: 0, longitude: 0 } }), 'location "Location: 0, 0"'],
  [
    'a place that is not on this earth',
    message('location', { location: { latitude: 91, longitude: 'far', name: 'Nowhere' } }),
    'notice "Location: Nowhere (91, far)"',
  ],
  [
    'an image sent from an advertisement',
    message('image', { image: { id: '1', mime_type: 'image/png' }, referral: { headline: 'Bin day' } }),
    'image image.png "(written from an advertisement: Bin day)"',
  ],
  [
    'two contacts',
    message('contacts', {
      contacts: [
        { name: { formatted_name: 'Ann' }, phones: [{ wa_id: '491' }], emails: [{ email: 'a@b.example' }] },
        { phones: [{ phone: '+49 2' }] },
      ],
    }),
    'file Ann.vcf "Contact: Ann, 491, a@b.example\nContact: without a name, +49 2"',
  ],
  ['a contact without a name', message('contacts', { contacts: [{}] }), 'notice "Shared a contact without a name."'],
  [
    'a button of a template',
    message('button', { button: { payload: 'STOP', text: 'No more' }, context }),
    'text in reply "No more"',
  ],
  [
    'a form that was filled in',
    message('interactive', {
      interactive: { type: 'nfm_reply', nfm_reply: { name: 'flow', body: 'Sent', response_json: '{"bin":"green"}' } },
    }),
    'notice "Filled in a form (Sent):\nbin: green"',
  ],
  [
    'a form whose answers cannot be read',
    message('interactive', { interactive: { type: 'nfm_reply', nfm_reply: { body: 'Sent', response_json: 'oops' } } }),
    'notice "Filled in a form (Sent): oops"',
  ],
  [
    'a row chosen from a list',
    message('interactive', {
      interactive: {
        type: 'list_reply',
        list_reply: { id: 'answer-1', title: 'The gre…', description: 'The green bin' },
      },
      context,
    }),
    'text in reply "The green bin"',
  ],
  [
    'something interactive of a new kind',
    message('interactive', { interactive: { type: 'call_permission_reply' } }),
    'notice "Answered something interactive (call_permission_reply)."',
  ],
  [
    'an order',
    message('order', {
      order: {
        catalog_id: '1',
        text: 'please',
        product_items: [{ product_retailer_id: 'bag', quantity: 2, item_price: 3.5, currency: 'EUR' }],
      },
    }),
    'notice "Sent an order of 1 items (please): 2 x bag at 3.5 EUR"',
  ],
  [
    'a first look into the chat',
    message('request_welcome'),
    'notice "Opened the chat for the first time and has not written yet."',
  ],
  [
    'what WhatsApp does not pass on',
    message('unsupported', { errors, unsupported: { type: 'poll_creation' } }),
    'notice "Sent something that WhatsApp does not pass on to businesses (poll_creation). Unsupported message type: Not supported."',
  ],
  [
    'a kind that does not exist yet',
    message('hologram', { hologram: { depth: 3 } }),
    'notice "Sent something that cannot be shown here (hologram). Ask the sender to say it in another way."',
  ],
  [
    'a kind that is the name of something in JavaScript',
    message('constructor'),
    'notice "Sent something that cannot be shown here (constructor). Ask the sender to say it in another way."',
  ],
  ['a reaction', message('reaction', { reaction: { message_id: 'wamid.a', emoji: '❤️' } }), 'reaction ❤️'],
  [
    'a reaction that is taken back',
    message('reaction', { reaction: { message_id: 'wamid.a' } }),
    'reaction taken back',
  ],
  [
    'a reaction that is taken back with an empty emoji',
    message('reaction', { reaction: { message_id: 'wamid.a', emoji: '' } }),
    'reaction taken back',
  ],
  [
    'a reaction that cannot be read, which takes none back',
    message('reaction', { reaction: { message_id: 'wamid.a', emoji: { name: 'heart' } } }),
    'notice "Sent something that cannot be shown here (reaction). Ask the sender to say it in another way."',
  ],
])('%s', async (_what, item, line) => {
  expect(await said(item)).toEqual([line]);
});

test('of a list that fits into no event as much is shown as fits, and the cut is seen', async () => {
  const contacts = Array.from({ length: 257 }, (_, index) => ({ name: { formatted_name: `Person number ${index}` } }));
  const [line = ''] = await said(message('contacts', { contacts }));
  expect(line).toContain('Person number 150');
  expect(line.endsWith('… (cut here)"')).toBe(true);
});

test('of a caption that fits into no event as much is shown as fits, and the cut is seen', async () => {
  const image = { id: '1', mime_type: 'image/png', caption: 'word '.repeat(20_000) };
  const [line = ''] = await said(message('image', { image }));
  expect(line.length).toBeLessThan(5_000);
  expect(line).toContain('(cut here: it was longer than WhatsApp allows)');
});

test('no emoji and no word of the longest text that WhatsApp takes is lost', async () => {
  const [line] = await said(textMessage('🙂'.repeat(65_536)));
  expect(line).toBe(`text "${'🙂'.repeat(65_536)}"`);
});

test('half a letter, which no homeserver stores, is replaced', async () => {
  expect(await said(textMessage('a\ud83d\0b'))).toEqual(['text "a\ufffd\ufffdb"']);
});
