/** Events of every type that a homeserver pushes, and whole transactions of them. */
import type { Dice } from '../dice.ts';
import { html } from './html.ts';

export const serverName = 'agency.example';
export const ghost = `@_chancery_aaaa:${serverName}`;
export const bot = `@chancery:${serverName}`;

const relations: readonly [object, ...object[]] = [
  {},
  { 'm.relates_to': { 'm.in_reply_to': { event_id: '$before' } } },
  {
    'm.relates_to': {
      rel_type: 'm.thread',
      event_id: '$root',
      is_falling_back: true,
      'm.in_reply_to': { event_id: '$b' },
    },
  },
  {
    'm.relates_to': { rel_type: 'm.replace', event_id: '$before' },
    'm.new_content': { msgtype: 'm.text', body: 'new', format: 'org.matrix.custom.html', formatted_body: '<b>new</b>' },
  },
];

type Content = (dice: Dice) => Readonly<Record<string, unknown>>;

const info = { mimetype: 'image/png', size: 1_024, w: 640, h: 480, thumbnail_url: 'mxc://agency.example/thumb' };
const file =
  (msgtype: string, more: object = {}): Content =>
  () => ({
    msgtype,
    body: 'a caption',
    filename: 'picture.png',
    url: 'mxc://agency.example/AbCd',
    info,
    ...more,
  });

/** Type, content and, for state, its key. */
const kinds: readonly [readonly [string, Content, string?], ...(readonly [string, Content, string?])[]] = [
  [
    'm.room.message',
    (dice) => ({
      msgtype: dice.pick(['m.text', 'm.notice', 'm.emote', 'x.unknown']),
      body: '> <@ana:agency.example> was\n> said\n\nan answer',
      format: 'org.matrix.custom.html',
      formatted_body: html(dice),
      ...dice.pick(relations),
    }),
  ],
  ['m.room.message', (dice) => ({ msgtype: 'm.text', body: '!chancery status', ...dice.pick(relations) })],
  ['m.room.message', file('m.image')],
  ['m.room.message', file('m.file', { format: 'org.matrix.custom.html', formatted_body: '<i>cap</i>' })],
  ['m.room.message', file('m.audio', { 'org.matrix.msc3245.voice': {} })],
  ['m.room.message', file('m.video', { file: { url: 'mxc://a/b', key: {}, iv: 'x', hashes: {} } })],
  ['m.room.message', () => ({ msgtype: 'm.location', body: 'here', geo_uri: 'geo:52.5,13.4' })],
  ['m.room.message', () => ({ msgtype: 'm.key.verification.request', body: 'x', methods: ['m.sas.v1'], to: bot })],
  ['m.sticker', file('m.sticker')],
  ['m.reaction', () => ({ 'm.relates_to': { rel_type: 'm.annotation', event_id: '$before', key: '👍' } })],
  ['m.room.redaction', () => ({ redacts: '$before', reason: 'a slip' })],
  ['m.room.encrypted', () => ({ algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x', session_id: 'y' })],
  ['m.room.member', () => ({ membership: 'invite', displayname: 'Ana', avatar_url: 'mxc://a/b' }), bot],
  ['m.room.member', () => ({ membership: 'join', displayname: 'Ghost' }), ghost],
  ['m.room.member', () => ({ membership: 'leave' }), `@ana:${serverName}`],
  ['m.room.name', () => ({ name: 'A room' }), ''],
  ['m.room.power_levels', () => ({ users: { [bot]: 100 }, users_default: 0 }), ''],
  ['m.poll.start', () => ({ 'm.poll': { question: { 'm.text': [{ body: '?' }] }, answers: [] } })],
  ['m.call.invite', () => ({ call_id: '1', offer: { sdp: 'v=0' }, version: '1', lifetime: 60_000 })],
];

export function roomEvent(dice: Dice, id: string): object {
  const [type, content, stateKey] = dice.pick(kinds);
  return {
    event_id: `$${id}`,
    room_id: `!room${dice.below(50)}:${serverName}`,
    sender: dice.chance(10) ? ghost : `@ana:${serverName}`,
    type,
    origin_server_ts: 1_749_416_383_000,
    content: content(dice),
    ...(stateKey === undefined ? {} : { state_key: stateKey }),
    ...(dice.chance(20) ? { unsigned: { age: 5, prev_content: { membership: 'join' }, transaction_id: 'm1' } } : {}),
    ...(dice.chance(5) ? { redacts: '$before', unsigned: { redacted_because: { type: 'm.room.redaction' } } } : {}),
  };
}

const ephemeral: readonly object[] = [
  { type: 'm.typing', room_id: '!room:agency.example', content: { user_ids: ['@ana:agency.example'] } },
  {
    type: 'm.receipt',
    room_id: '!room:agency.example',
    content: { $before: { 'm.read': { '@ana:agency.example': { ts: 1_749_416_383_000, thread_id: 'main' } } } },
  },
  { type: 'm.presence', sender: '@ana:agency.example', content: { presence: 'online', last_active_ago: 5 } },
];

export function transaction(dice: Dice, index: number): object {
  const count = dice.chance(10) ? 20 : 1 + dice.below(3);
  return {
    events: Array.from({ length: count }, (_, number) => roomEvent(dice, `${index}.${number}`)),
    ...(dice.chance(30) ? { ephemeral } : {}),
    ...(dice.chance(10) ? { 'de.sorunome.msc2409.ephemeral': ephemeral, 'de.sorunome.msc2409.to_device': [] } : {}),
  };
}
