import { expect, test } from '@jest/globals';
import { readEphemeral, readReceiptsOf, typingOf } from '../../../src/matrix/ephemeral.ts';

const room_id = '!room';

test("a receipt says who has read up to where, and private receipts are nobody's business", () => {
  const event = readEphemeral({
    type: 'm.receipt',
    room_id,
    content: {
      $one: {
        'm.read': { '@erin:a.example': { ts: 5 }, '@finn:a.example': {} },
        'm.read.private': { '@gus:a.example': {} },
      },
      $two: 'nonsense',
      three: { 'm.read': { '@erin:a.example': {} } },
    },
  });
  expect(event && readReceiptsOf(event)).toEqual([
    { room: room_id, event: '$one', user: '@erin:a.example', at: 5 },
    { room: room_id, event: '$one', user: '@finn:a.example' },
  ]);
  expect(event && typingOf(event)).toBeUndefined();
});

test('typing says who is typing now, and nobody when they stopped', () => {
  const typing = (user_ids: unknown): unknown => {
    const event = readEphemeral({ type: 'm.typing', room_id, content: { user_ids } });
    return event && typingOf(event);
  };
  expect(typing(['@erin:a.example', 3, 'x'])).toEqual({ room: room_id, users: ['@erin:a.example'] });
  expect(typing([])).toEqual({ room: room_id, users: [] });
  expect(typing('x')).toBeUndefined();
});

test('what is malformed is as if it had not come', () => {
  for (const raw of [null, 3, [], {}, { type: 'm.typing' }, { type: 'm.typing', content: [] }]) {
    expect(readEphemeral(raw)).toBeUndefined();
  }
  const nowhere = readEphemeral({ type: 'm.typing', content: { user_ids: ['@erin:a.example'] } });
  expect(nowhere && typingOf(nowhere)).toBeUndefined();
  expect(nowhere && readReceiptsOf({ ...nowhere, type: 'm.receipt' })).toEqual([]);
});
