/** What became of a message of ours is told as WhatsApp tells it, with words for what failed. */
import { expect, test } from '@jest/globals';
import { sheena, status, textMessage } from './payloads.ts';
import { seen } from './seen-in-room.ts';

const known = { contacts: [sheena], messages: [textMessage('hello')] };
const reported = async (...list: readonly object[]): Promise<string[]> =>
  (await seen([known, { statuses: list }])).lines.slice(1);

test.each<[string, object, string]>([
  ['sent', status('sent'), 'sent'],
  ['delivered', status('delivered'), 'delivered'],
  ['read', status('read'), 'read'],
  ['played', status('played'), 'read'],
  [
    'failed for the window',
    status('failed', {
      errors: [{ code: 131047, title: 'Re-engagement message', error_data: { details: '24 hours.' } }],
    }),
    'failed: More than 24 hours have passed since this person wrote last. Wait until they write again, or send a template (`!chancery template list`). 24 hours. (code 131047)',
  ],
  [
    'failed with a code in digits',
    status('failed', { errors: [{ code: '131026', title: 'Message undeliverable' }] }),
    'failed: This person cannot be reached on WhatsApp: the number has no WhatsApp, an old version, or has not accepted its terms. Use another way. Message undeliverable (code 131026)',
  ],
  [
    'failed with a new code',
    status('failed', { errors: [{ code: 999, message: 'Nobody knows' }] }),
    'failed: WhatsApp refused this. Nobody knows (code 999)',
  ],
  ['failed without a reason', status('failed'), 'failed: WhatsApp refused this.'],
])('a message of ours that was %s', async (_what, item, line) => {
  expect(await reported(item)).toEqual([line]);
});

test('a status that is not known here is set aside and spoils no other', async () => {
  const { lines, unreadable } = await seen([known, { statuses: [status('warped'), status('read')] }]);
  expect(lines.slice(1)).toEqual(['read']);
  expect(unreadable).toEqual(['a status that is not known here']);
});

test('a status about somebody who never wrote is about what something else sent, and is left alone', async () => {
  expect(await seen([{ statuses: [status('read')] }])).toEqual({ lines: [], events: [], unreadable: [] });
});

test('messages, statuses and errors in one body are all taken', async () => {
  const value = { ...known, statuses: [status('delivered')], errors: [{ code: 131000, title: 'Trouble' }] };
  const { lines, unreadable } = await seen([value]);
  expect(lines).toEqual(['Sheena Nelson: text "hello"', 'delivered']);
  expect(unreadable).toEqual([]);
});
