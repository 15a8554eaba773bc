/** The judge of the random faults sees each kind of fault when it is there, and none when all is well. */
import { expect, test } from '@jest/globals';
import type { HandedIn, HandedOut } from '../../faults/random/handed.ts';
import { type Gap, judge } from '../../faults/random/oracle.ts';
import { Side } from '../../faults/random/sides.ts';
import { isGood, tallyOf } from '../../faults/random/tally.ts';
import type { ReadEvent } from '../../peers/matrix-client/independent-reader.ts';
import type { LogEntry, LogFact } from '../../peers/whatsapp-cloud/log-entry.ts';

const people = { bot: '@bot:a', officials: ['@ana:a'] };
const room = '!room';

/** A room with its bridge information, and what a test puts into it; the log of the other side. */
class Ends {
  readonly events: ReadEvent[] = [];
  readonly log: LogEntry[] = [];

  constructor() {
    this.event({ type: 'm.bridge', stateKey: 'x', sender: people.bot, content: { channel: { displayname: 'Cora' } } });
  }

  event(given: Partial<ReadEvent>): string {
    const id = `$${this.events.length}`;
    const usual = { id, room, sender: '@ghost:a', type: 'm.room.message', stateKey: undefined, at: 100, content: {} };
    this.events.push({ ...usual, isRedacted: false, replyTo: undefined, ...given });
    return id;
  }

  says(body: string, given: Partial<ReadEvent> = {}): string {
    return this.event({ content: { body }, ...given });
  }

  notice(event: string, body: string, at = 200): void {
    this.says(body, { sender: people.bot, replyTo: event, at });
  }

  fact(fact: LogFact): void {
    this.log.push({ ...fact, seq: this.log.length + 1, at: this.log.length * 10 });
  }

  phone(body: string, messageId = `m-${body}`): void {
    const carried = { content: { body }, type: 'text', messageId, reachesCitizen: true };
    this.fact({ kind: 'business-message', account: '1', citizen: '49', ...carried });
  }

  taken(message: string): void {
    const attempt = { delivery: 1, attempt: 1, duplicate: false, signature: 'right', bytes: 1 } as const;
    this.fact({ kind: 'webhook-delivered', ...attempt, about: [message], httpStatus: 200, ms: 1 });
  }

  async findings(handed: readonly (HandedIn | HandedOut)[], gaps: readonly Gap[] = []): Promise<string[]> {
    const side = new Side(new Map([[room, this.events]]), this.log, people);
    const found = await judge({ handed, side, gaps, hashOf: async (uri) => `hash of ${uri}` });
    return found.map(({ kind }) => kind);
  }
}

const asked = (words: string, more: Partial<HandedIn> = {}): HandedIn => ({
  side: 'in',
  kind: 'text',
  token: words,
  citizen: 'Cora',
  at: 50,
  words,
  message: `m-${words}`,
  ...more,
});
const answered = (words: string, event: string, more: Partial<HandedOut> = {}): HandedOut => ({
  side: 'out',
  kind: 'text',
  token: words,
  citizen: 'Cora',
  at: 50,
  pieces: [words],
  event,
  isRefused: false,
  ...more,
});
const gap: Gap = { what: 'kill bridge', from: 60, to: 90 };

test('where everything is once on the other side nothing is found', async () => {
  const ends = new Ends();
  const question = asked('question');
  const first = ends.says('question');
  const event = ends.says('answer', { sender: '@ana:a' });
  ends.phone('answer');
  const reply = asked('reply', { replyTo: question });
  ends.says('reply', { replyTo: first });
  expect(await ends.findings([question, answered('answer', event), reply])).toEqual([]);
});

test('what is missing on either side is lost', async () => {
  const ends = new Ends();
  const event = ends.says('answer', { sender: '@ana:a' });
  expect(await ends.findings([asked('question'), answered('answer', event)])).toEqual(['lost', 'lost']);
});

test('a missing piece of a long text, a reply without its target and another file are lost', async () => {
  const ends = new Ends();
  const event = ends.says('long', { sender: '@ana:a' });
  ends.phone('first piece');
  const question = asked('question');
  ends.says('question');
  ends.says('reply');
  ends.says('photo', { content: { body: 'photo', url: 'mxc://a/1' } });
  const long = answered('long', event, { pieces: ['first piece', 'second piece'] });
  const photo = asked('photo', { kind: 'media', sha256: 'what was sent' });
  const handed = [long, question, asked('reply', { replyTo: question }), photo];
  expect(await ends.findings(handed)).toEqual(['lost', 'lost', 'lost']);
});

test('what is there twice, on either side, is doubled', async () => {
  const ends = new Ends();
  ends.says('question');
  ends.says('question');
  const event = ends.says('answer', { sender: '@ana:a' });
  ends.phone('answer', 'm1');
  ends.phone('answer', 'm2');
  expect(await ends.findings([asked('question'), answered('answer', event)])).toEqual(['doubled', 'doubled']);
});

test('what came in another order is misordered, on either side', async () => {
  const ends = new Ends();
  for (const words of ['one', 'two']) ends.taken(`m-${words}`);
  ends.says('two');
  ends.says('one');
  const [earlier, later] = [ends.says('a', { sender: '@ana:a' }), ends.says('b', { sender: '@ana:a' })];
  ends.phone('b');
  ends.phone('a');
  const handed = [asked('one'), asked('two'), answered('a', earlier), answered('b', later)];
  expect(await ends.findings(handed)).toEqual(['misordered', 'misordered']);
});

test('two webhooks that were on their way at the same time have no order', async () => {
  const ends = new Ends();
  for (const words of ['two', 'one']) ends.taken(`m-${words}`);
  ends.says('two');
  ends.says('one');
  expect(await ends.findings([asked('one'), asked('two')])).toEqual([]);
});

test('uncertain is fair in a gap, once in a lane for each gap, and nowhere else', async () => {
  const ends = new Ends();
  const events = ['a', 'b'].map((words) => ends.says(words, { sender: '@ana:a' }));
  for (const event of events) ends.notice(event, 'Nobody can tell whether this reached WhatsApp');
  const handed = ['a', 'b'].map((words, index) => answered(words, events[index] ?? ''));
  expect(await ends.findings(handed.slice(0, 1), [gap])).toEqual(['uncertain']);
  expect(await ends.findings(handed, [gap])).toEqual(['uncertain', 'unexplained']);
  expect(await ends.findings(handed.slice(0, 1))).toEqual(['unexplained']);
});

test('uncertain is not fair for what WhatsApp told that it has', async () => {
  const ends = new Ends();
  const event = ends.says('a', { sender: '@ana:a' });
  ends.phone('a');
  ends.notice(event, 'Nobody can tell whether this reached WhatsApp');
  expect(await ends.findings([answered('a', event)], [gap])).toEqual(['unexplained', 'uncertain']);
});

test('a refusal that nobody saw is lost, and one that nobody made is unexplained', async () => {
  const ends = new Ends();
  const [poll, text] = [ends.says('poll', { sender: '@ana:a' }), ends.says('text', { sender: '@ana:a' })];
  ends.phone('text');
  ends.notice(text, 'This was not sent to WhatsApp.');
  const refused = answered('poll', poll, { kind: 'poll-end', pieces: [], isRefused: true });
  expect(await ends.findings([refused, answered('text', text)])).toEqual(['lost', 'unexplained']);
});

test('what nobody handed in is unexplained, and a second room for one citizen is doubled', async () => {
  const ends = new Ends();
  ends.says('from nowhere');
  ends.phone('from nowhere');
  expect(await ends.findings([])).toEqual(['unexplained', 'unexplained']);
  const info = ends.events.slice(0, 1);
  const rooms = new Map([
    [
      room,
      [
        ...info,
        {
          ...ends.events[0],
          id: '$q',
          type: 'm.room.message',
          stateKey: undefined,
          sender: '@ghost:a',
          content: { body: 'question' },
        } as ReadEvent,
      ],
    ],
    ['!other', info],
  ]);
  const side = new Side(rooms, [], people);
  const found = await judge({ handed: [asked('question')], side, gaps: [], hashOf: async () => '' });
  expect(found.map(({ kind }) => kind)).toEqual(['doubled']);
});

test('a run is good only when nothing is wrong and most kills hit something on its way', () => {
  const outcome = { kills: 10, killsInFlight: 9, sent: 5, skipped: [], findings: [] } as const;
  const finding = { kind: 'uncertain', words: '' } as const;
  expect(tallyOf([{ ...outcome, findings: [finding] }, outcome])).toEqual({
    kills: 20,
    in_flight: 0.9,
    sent: 10,
    lost: 0,
    doubled: 0,
    misordered: 0,
    uncertain: 1,
    unexplained: 0,
  });
  expect(isGood(tallyOf([{ ...outcome, findings: [finding] }]))).toBe(true);
  expect(isGood(tallyOf([{ ...outcome, killsInFlight: 7 }]))).toBe(false);
  for (const kind of ['lost', 'doubled', 'misordered', 'unexplained'] as const)
    expect(isGood(tallyOf([{ ...outcome, findings: [{ kind, words: '' }] }]))).toBe(false);
});
