import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pollResponse } from '../../../src/matrix/poll.ts';
import { readEvent } from '../../../src/matrix/read-event.ts';
import { asId, type EventId } from '../../../src/model/ids.ts';
import { isReadable, type RoomEvent, readRoomEvent } from '../../../src/matrix/room-event.ts';

function happened(type: string, content: object, more: object = {}): RoomEvent {
  const read = readRoomEvent({
    event_id: '$event',
    room_id: '!room',
    sender: '@erin:a.example',
    type,
    origin_server_ts: 5,
    content,
    ...more,
  });
  if (!isReadable(read)) throw new Error(read.reason);
  return read;
}

const said = (content: object): unknown => readEvent(happened('m.room.message', content));
const plain = (text: string): object => ({ text, ranges: [] });

test('a text is read from its styled form where there is one', () => {
  expect(said({ msgtype: 'm.text', body: 'hi' })).toEqual({ kind: 'text', text: plain('hi'), notice: false });
  expect(
    said({ msgtype: 'm.text', body: '*hi*', format: 'org.matrix.custom.html', formatted_body: '<b>hi</b>' }),
  ).toEqual({ kind: 'text', text: { text: 'hi', ranges: [{ start: 0, length: 2, style: 'bold' }] }, notice: false });
  expect(said({ msgtype: 'm.text', body: 'hi', format: 'other', formatted_body: '<b>x</b>' })).toMatchObject({
    text: plain('hi'),
  });
  expect(
    said({ msgtype: 'm.text', body: 'hi', format: 'org.matrix.custom.html', formatted_body: '<b>'.repeat(500) }),
  ).toMatchObject({ text: plain('hi') });
});

test("a bot's notice is marked, an emote is in italics", () => {
  expect(said({ msgtype: 'm.notice', body: 'beep' })).toMatchObject({ kind: 'text', notice: true });
  expect(said({ msgtype: 'm.emote', body: 'waves' })).toMatchObject({
    text: { text: 'waves', ranges: [{ start: 0, length: 5, style: 'italic' }] },
  });
});

test('a reply names its target, and what older clients repeat of it is taken off', () => {
  const relation = { 'm.relates_to': { 'm.in_reply_to': { event_id: '$target' } } };
  const old = '> <@finn:a.example> old\n> words\n\nnew\n> kept';
  expect(said({ msgtype: 'm.text', body: old, ...relation })).toEqual({
    kind: 'text',
    text: plain('new\n> kept'),
    notice: false,
    replyTo: '$target',
  });
  expect(said({ msgtype: 'm.text', body: old })).toMatchObject({ text: plain(old) });
  expect(said({ msgtype: 'm.text', body: '> quoted by hand\n\nnew', ...relation })).toMatchObject({
    text: plain('> quoted by hand\n\nnew'),
  });
});

test('a message in a thread belongs to what the thread began with, unless it replies to another', () => {
  const inThread = (falling: boolean): object => ({
    msgtype: 'm.text',
    body: 'x',
    'm.relates_to': {
      rel_type: 'm.thread',
      event_id: '$root',
      is_falling_back: falling,
      'm.in_reply_to': { event_id: '$last' },
    },
  });
  expect(said(inThread(true))).toMatchObject({ replyTo: '$root' });
  expect(said(inThread(false))).toMatchObject({ replyTo: '$last' });
  expect(
    said({ msgtype: 'm.text', body: 'x', 'm.relates_to': { rel_type: 'm.thread', event_id: '$root' } }),
  ).toMatchObject({
    replyTo: '$root',
  });
});

test('a file is read with what is claimed of it; a body beside a file name is its caption', () => {
  const picture = {
    msgtype: 'm.image',
    body: 'form.jpg',
    url: 'mxc://a.example/id',
    info: { mimetype: 'image/jpeg', size: 9, w: 3, h: 4 },
  };
  const expected = {
    kind: 'media',
    media: 'image',
    uri: 'mxc://a.example/id',
    mimeType: 'image/jpeg',
    fileName: 'form.jpg',
    sizeBytes: 9,
    width: 3,
    height: 4,
  };
  expect(said(picture)).toEqual(expected);
  expect(said({ ...picture, filename: 'form.jpg' })).toEqual(expected);
  expect(said({ ...picture, filename: 'form.jpg', body: 'look' })).toEqual({ ...expected, caption: plain('look') });
  expect(said({ ...picture, info: { size: -1, w: 'x', h: 1.5 } })).toEqual({
    kind: 'media',
    media: 'image',
    uri: 'mxc://a.example/id',
    mimeType: 'application/octet-stream',
    fileName: 'form.jpg',
  });
});

test('each kind of file is known', () => {
  const kind = (msgtype: string, more: object = {}): unknown =>
    said({ msgtype, body: 'x', url: 'mxc://a.example/id', ...more });
  expect(kind('m.video')).toMatchObject({ media: 'video' });
  expect(kind('m.audio')).toMatchObject({ media: 'audio' });
  expect(kind('m.audio', { 'org.matrix.msc3245.voice': {} })).toMatchObject({ media: 'voice' });
  expect(kind('m.file')).toMatchObject({ media: 'document' });
  expect(readEvent(happened('m.sticker', { body: 'x', url: 'mxc://a.example/id' }))).toMatchObject({
    media: 'sticker',
  });
});

test('a file whose address would lead elsewhere is not fetched', () => {
  for (const url of ['https://evil.example/x', 'mxc://../whoami', 'mxc://a.example/../..', 'mxc://a.example/', 7]) {
    expect(said({ msgtype: 'm.file', body: 'x', url })).toEqual({
      kind: 'unsupported',
      what: 'a file without an address',
    });
  }
});

test('what is not bridged is named in plain words', () => {
  const what = (type: string, content: object): unknown => readEvent(happened(type, content));
  expect(what('org.matrix.msc3381.poll.start', { body: '?' })).toEqual({
    kind: 'unsupported',
    what: 'a poll without a question or answers',
  });
  expect(what('org.matrix.msc3381.poll.end', {})).toEqual({ kind: 'unsupported', what: 'the end of a poll' });
  expect(what('m.room.encrypted', {})).toEqual({ kind: 'unsupported', what: 'an encrypted message' });
  expect(said({ msgtype: 'm.location', body: 'here', geo_uri: 'geo:91,1' })).toEqual({
    kind: 'unsupported',
    what: 'a location without coordinates',
  });
  expect(said({ msgtype: 'm.image', body: 'x', file: { url: 'mxc://a/b' } })).toEqual({
    kind: 'unsupported',
    what: 'an encrypted file',
  });
  expect(
    said({ msgtype: 'm.location', body: 'x', 'm.relates_to': { 'm.in_reply_to': { event_id: '$t' } } }),
  ).toMatchObject({ replyTo: '$t' });
});

test('an edit names what it replaces and what with', () => {
  const relation = { rel_type: 'm.replace', event_id: '$target' };
  expect(
    said({
      msgtype: 'm.text',
      body: '* new',
      'm.new_content': { msgtype: 'm.text', body: 'new' },
      'm.relates_to': relation,
    }),
  ).toEqual({ kind: 'edit', target: '$target', replacement: { kind: 'text', text: plain('new'), notice: false } });
  expect(said({ msgtype: 'm.text', body: '* new', 'm.relates_to': relation })).toMatchObject({
    replacement: { text: plain('new') },
  });
  expect(said({ msgtype: 'm.text', body: 'x', 'm.relates_to': { rel_type: 'm.replace' } })).toEqual({
    kind: 'ignored',
    why: 'malformed',
  });
});

test('a reaction and its target are read', () => {
  const reaction = (relation: unknown): unknown => readEvent(happened('m.reaction', { 'm.relates_to': relation }));
  expect(reaction({ rel_type: 'm.annotation', event_id: '$t', key: '👍' })).toEqual({
    kind: 'reaction',
    target: '$t',
    emoji: '👍',
  });
  expect(reaction({ rel_type: 'm.annotation', event_id: '$t' })).toEqual({ kind: 'ignored', why: 'malformed' });
  expect(reaction({ rel_type: 'm.annotation', event_id: '$\ud83d', key: 'x' })).toMatchObject({ why: 'malformed' });
});

test('a redaction is read in its older and its newer form', () => {
  const redaction = (content: object, more: object): unknown => readEvent(happened('m.room.redaction', content, more));
  expect(redaction({ redacts: '$t', reason: 'wrong chat' }, {})).toEqual({
    kind: 'redaction',
    target: '$t',
    reason: 'wrong chat',
  });
  expect(redaction({}, { redacts: '$t' })).toEqual({ kind: 'redaction', target: '$t' });
  expect(redaction({}, {})).toEqual({ kind: 'ignored', why: 'malformed' });
});

test('what was taken back before it reached us is told apart from what never was', () => {
  const redacted = { kind: 'ignored', why: 'redacted' };
  expect(readEvent(happened('m.room.message', {}, { unsigned: { redacted_because: {} } }))).toEqual(redacted);
  expect(said({})).toEqual(redacted);
  expect(readEvent(happened('m.reaction', {}))).toEqual(redacted);
});

test('who joins and leaves is read, other state is not for the chat', () => {
  const member = (content: object, more: object = {}): unknown =>
    readEvent(happened('m.room.member', content, { state_key: '@gus:a.example', ...more }));
  expect(
    member({ membership: 'join', displayname: 'Gus' }, { unsigned: { prev_content: { membership: 'invite' } } }),
  ).toEqual({
    kind: 'membership',
    user: '@gus:a.example',
    membership: 'join',
    before: 'invite',
    displayName: 'Gus',
  });
  expect(member({ membership: 'levitating' })).toEqual({ kind: 'ignored', why: 'malformed' });
  expect(readEvent(happened('m.room.name', { name: 'x' }, { state_key: '' }))).toEqual({
    kind: 'ignored',
    why: 'state',
  });
});

test('signalling between clients is not for the chat', () => {
  expect(readEvent(happened('m.call.candidates', {}))).toEqual({ kind: 'ignored', why: 'signalling' });
  expect(said({ msgtype: 'm.key.verification.request', body: 'x' })).toEqual({ kind: 'ignored', why: 'signalling' });
});

test('whatever an event holds, reading it does not fail', () => {
  const key = fc.constantFrom(
    'msgtype',
    'body',
    'format',
    'formatted_body',
    'url',
    'file',
    'filename',
    'info',
    'size',
    'm.relates_to',
    'm.new_content',
    'rel_type',
    'event_id',
    'm.in_reply_to',
    'key',
    'redacts',
    'membership',
    'constructor',
    '__proto__',
  );
  const leaf = fc.oneof(
    fc.constantFrom<unknown>('m.text', 'm.image', 'm.replace', 'm.thread', '$t', 'org.matrix.custom.html', '> <@a\n'),
    fc.string(),
    fc.integer(),
    fc.constant(null),
  );
  const { content } = fc.letrec<{ content: object; value: unknown }>((tie) => ({
    content: fc.dictionary(key, tie('value'), { maxKeys: 6 }),
    value: fc.oneof({ depthSize: 'small' }, leaf, tie('content'), fc.array(leaf, { maxLength: 3 })),
  }));
  const type = fc.constantFrom('m.room.message', 'm.sticker', 'm.reaction', 'm.room.redaction', 'm.room.member', 'x');
  fc.assert(
    fc.property(type, content, fc.boolean(), (of, holds, isState) => {
      const raw = JSON.parse(JSON.stringify(holds)) as object;
      expect(readEvent(happened(of, raw, isState ? { state_key: '@x:y' } : {})).kind).toEqual(expect.any(String));
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['geo:52.52,13.40', 52.52, 13.4],
  ['geo:-0.5,-179.99,35;u=12;crs=wgs84', -0.5, -179.99],
])('a place is read from %s, in the stable form and in the older one', (uri, latitude, longitude) => {
  const thing = { type: 'location', latitude, longitude };
  expect(said({ msgtype: 'm.location', body: 'here', geo_uri: uri })).toEqual({ kind: 'thing', thing });
  const described = { 'org.matrix.msc3488.location': { uri, description: 'Town hall' } };
  expect(said({ msgtype: 'm.location', body: 'here', ...described })).toEqual({
    kind: 'thing',
    thing: { ...thing, name: 'Town hall' },
  });
});

test.each(['geo:1', 'geo:1,181', 'geo:a,b', 'http://1,2', '', 'geo:1e3,2'])('%j is no place', (uri) => {
  expect(said({ msgtype: 'm.location', body: 'here', geo_uri: uri })).toMatchObject({ kind: 'unsupported' });
});

const polls: [string, object][] = [
  [
    'm.poll.start',
    {
      'm.poll': {
        question: { 'm.text': [{ mimetype: 'text/html', body: '<b>When?</b>' }, { body: 'When?' }] },
        answers: [
          { 'm.id': 'x', 'm.text': [{ body: 'Monday' }] },
          { 'm.id': 'y', 'm.text': [{ body: 'Friday' }] },
        ],
      },
    },
  ],
  [
    'org.matrix.msc3381.poll.start',
    {
      'org.matrix.msc3381.poll.start': {
        question: { 'org.matrix.msc1767.text': 'When?' },
        answers: [
          { id: 'x', 'org.matrix.msc1767.text': 'Monday' },
          { id: 'y', 'org.matrix.msc1767.text': 'Friday' },
        ],
      },
    },
  ],
];

test.each(polls)('a poll is read from %s, and a vote in it speaks the same dialect', (type, content) => {
  expect(readEvent(happened(type, content))).toEqual({
    kind: 'thing',
    thing: { type: 'poll', question: 'When?', answers: ['Monday', 'Friday'] },
  });
  const target = asId<EventId>('$poll');
  const vote = pollResponse({ type, content: { ...content } }, target, 1);
  expect(vote?.type).toBe(type.replace('start', 'response'));
  expect(JSON.stringify(vote?.content)).toContain('["y"]');
  expect(vote?.content['m.relates_to']).toEqual({ rel_type: 'm.reference', event_id: '$poll' });
  expect(pollResponse({ type, content: { ...content } }, target, 2)).toBeUndefined();
});
