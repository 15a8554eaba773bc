/** The one call that cannot be repeated: it is on record before it is made, and nobody is told more than is known. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Feedback } from '../../../src/bridge/feedback.ts';
import { type Attempt, Sending } from '../../../src/bridge/sending.ts';
import { asId, type LaneKey, type RemoteMessageId } from '../../../src/model/ids.ts';
import type { MessageState } from '../../../src/model/message-state.ts';
import type { SendResult } from '../../../src/networks/contract.ts';
import type { Part } from '../../../src/store/parts.ts';
import { inboundLane } from '../../../src/store/portals.ts';
import { account, networkName } from './fake-session.ts';
import { ana, roomEvent, Workshop } from './workshop.ts';

let workshop: Workshop;
let sending: Sending;
let events = 0;

beforeEach(async () => {
  workshop = await Workshop.open();
  workshop.homeserver.answer = () => [200, { event_id: '$said' }];
  sending = new Sending(workshop.context, new Feedback(workshop.context));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await workshop.close();
});

/** An official's message whose part is about to be sent. */
async function attempt(state: MessageState = 'pending'): Promise<Attempt> {
  const { store } = workshop.context;
  const portal = await workshop.portal();
  events += 1;
  const event = roomEvent(`event ${events}`);
  const part = await store.write(async (unit) => {
    const lane = asId<LaneKey>(`out/${events}`);
    await unit.journal.add({
      direction: 'out',
      dedupeKey: event.event_id,
      lane,
      payload: event,
      receivedAt: workshop.now,
    });
    const journalId = (await unit.journal.head(lane))?.id ?? asId(0);
    const { id } = await unit.parts.ensure({
      journalId,
      number: 0,
      portalId: portal.id,
      direction: 'out',
      kind: 'message',
      author: ana,
      eventId: event.event_id,
      updatedAt: workshop.now,
    });
    await unit.parts.change(id, workshop.now, { state });
    return unit.parts.get(id);
  });
  if (part === undefined) throw new Error('the part vanished');
  const shown = { account: account.id, room: event.room_id, event: event.event_id, attempt: part.journalId };
  return { part, session: workshop.session, networkName, shown };
}

const stored = async ({ part }: Attempt): Promise<Part | undefined> => workshop.context.store.read.parts.get(part.id);

/** What was said in the room about a message: kinds of events, and the words. */
const told = (): string[] =>
  workshop.homeserver.asked.map(({ path, body }) => {
    const { body: words = '', status = '' } = JSON.parse(body.toString()) as { body?: string; status?: string };
    return `${path.split('/send/')[1]?.split('/')[0] ?? path} ${status}${words}`;
  });

/** What the network reports meanwhile. */
async function reported({ part }: Attempt, state: MessageState): Promise<void> {
  await workshop.context.store.write((unit) => unit.parts.change(part.id, workshop.now, { state }));
}

const sent: SendResult = { outcome: 'sent', message: asId<RemoteMessageId>('remote') };

test('"sending" is on disk before the call is made', async () => {
  const trying = await attempt();
  let during: MessageState | undefined;
  await sending.send(trying, async () => {
    during = (await stored(trying))?.state;
    return sent;
  });
  expect(during).toBe('sending');
  expect(await stored(trying)).toMatchObject({ state: 'sent', remoteId: 'remote' });
});

test('what is to stand beside "sent" is recorded with it, and not where the message has failed meanwhile', async () => {
  const { store } = workshop.context;
  const done = async (trying: Attempt, call: () => Promise<SendResult>): Promise<string | undefined> => {
    const { journalId } = trying.part;
    const whenSent: Attempt['whenSent'] = (unit) => unit.journal.finish(journalId, 'done', workshop.now);
    await sending.send({ ...trying, whenSent }, call).catch(() => undefined);
    return (await store.write((unit) => unit.journal.release(journalId))) === undefined ? 'done' : 'open';
  };
  expect(await done(await attempt(), async () => sent)).toBe('done');
  expect(await done(await attempt(), async () => ({ outcome: 'refused', reason: 'no' }))).toBe('open');
  expect(await done(await attempt(), async () => ({ outcome: 'unknown', reason: 'cut' }))).toBe('open');
  const failing = await attempt();
  const failed = done(failing, async () => {
    await reported(failing, 'failed');
    return sent;
  });
  expect(await failed).toBe('open');
});

test('a call is not made when "sending" could not be recorded', async () => {
  const trying = await attempt();
  jest.spyOn(workshop.context.store, 'write').mockRejectedValueOnce(new Error('disk full'));
  let calls = 0;
  await expect(
    sending.send(trying, async () => {
      calls += 1;
      return sent;
    }),
  ).rejects.toThrow('disk full');
  expect(calls).toBe(0);
});

test('what the network will never take is failed, and its author is told why at the message', async () => {
  const trying = await attempt();
  await sending.send(trying, async () => ({ outcome: 'refused', reason: 'The number is not on Parrot.' }));
  const words = 'This was not sent to Parrot. The number is not on Parrot.';
  expect(await stored(trying)).toMatchObject({ state: 'failed', reason: words });
  expect(told()).toEqual(['com.beeper.message_send_status FAIL_PERMANENT', `m.room.message ${words}`]);
});

test('what certainly did not arrive is to be sent again, no sooner than the network asks, and nobody is alarmed', async () => {
  const trying = await attempt();
  const busy: SendResult = { outcome: 'not-sent', reason: 'Too many messages.', afterMs: 7_000 };
  await expect(sending.send(trying, async () => busy)).rejects.toMatchObject({ name: 'TryAgain', afterMs: 7_000 });
  expect(await stored(trying)).toMatchObject({ state: 'pending' });
  expect(told()).toEqual([]);
});

test('what may have arrived stays "sending" until there is evidence, and nobody is alarmed', async () => {
  const trying = await attempt();
  const unknown: SendResult = { outcome: 'unknown', reason: 'The connection broke.' };
  await expect(sending.send(trying, async () => unknown)).rejects.toMatchObject({ name: 'TryAgain' });
  expect(await stored(trying)).toMatchObject({ state: 'sending' });
  expect(told()).toEqual([]);
});

test('a call that throws leaves "sending" behind: nobody knows how far it came', async () => {
  const trying = await attempt();
  await expect(sending.send(trying, () => Promise.reject(new Error('broke')))).rejects.toThrow('broke');
  expect(await stored(trying)).toMatchObject({ state: 'sending' });
});

test('evidence is waited for as long as the network says, then the message is uncertain and its author told', async () => {
  const trying = await attempt('sending');
  workshop.now += workshop.session.evidenceMs - 1;
  await expect(sending.awaitEvidence(trying)).rejects.toMatchObject({ name: 'TryAgain' });
  expect([await stored(trying), told()]).toMatchObject([{ state: 'sending' }, []]);
  workshop.now += 1;
  await sending.awaitEvidence(trying);
  expect(await stored(trying)).toMatchObject({ state: 'uncertain' });
  expect(told()).toEqual([
    'com.beeper.message_send_status FAIL_RETRIABLE',
    expect.stringMatching(/^m\.room\.message Nobody can tell whether this reached Parrot/),
  ]);
});

test('after a restart evidence gets its time anew: it may have come while nobody listened', async () => {
  const trying = await attempt('sending');
  workshop.now += 3_600_000;
  const restarted = { ...workshop.context, startedAt: workshop.now };
  const later = new Sending(restarted, new Feedback(restarted));
  await expect(later.awaitEvidence(trying)).rejects.toMatchObject({ name: 'TryAgain' });
  workshop.now += workshop.session.evidenceMs;
  await later.awaitEvidence(trying);
  expect(await stored(trying)).toMatchObject({ state: 'uncertain' });
});

test('what the network reports while the call is under way is not taken back by its answer', async () => {
  const answers: readonly SendResult[] = [
    sent,
    { outcome: 'refused', reason: 'no' },
    { outcome: 'not-sent', reason: 'later' },
    { outcome: 'unknown', reason: 'cut' },
  ];
  for (const report of ['sent', 'delivered', 'read'] as const) {
    for (const answer of answers) {
      const trying = await attempt();
      const call = async (): Promise<SendResult> => {
        await reported(trying, report);
        return answer;
      };
      await sending.send(trying, call).catch(() => undefined);
      expect([answer.outcome, (await stored(trying))?.state]).toEqual([answer.outcome, report]);
    }
  }
});

test('a room that does not take the bot’s words does not stop the messages', async () => {
  workshop.homeserver.answer = () => [403, { errcode: 'M_FORBIDDEN', error: 'You are not in this room.' }];
  const trying = await attempt();
  await sending.refuse(trying, 'no');
  expect(await stored(trying)).toMatchObject({ state: 'failed' });
});

test('evidence that came in time and still waits in its lane is looked at before the message is called uncertain', async () => {
  const { store } = workshop.context;
  const stuck = await attempt('sending');
  workshop.now += workshop.session.evidenceMs - 1;
  const entry = {
    direction: 'in',
    lane: inboundLane(stuck.part.portalId),
    payload: {},
    receivedAt: workshop.now,
  } as const;
  await store.write((unit) => unit.journal.add({ ...entry, dedupeKey: 'a status' }));
  workshop.now += 60_000;
  await expect(sending.awaitEvidence(stuck)).rejects.toMatchObject({ name: 'TryAgain' });
  const row = await store.read.journal.head(entry.lane);
  if (row === undefined) throw new Error('the status vanished');
  await store.write((unit) => unit.journal.finish(row.id, 'done', workshop.now));
  await sending.awaitEvidence(stuck);
  expect((await store.read.parts.get(stuck.part.id))?.state).toBe('uncertain');
});

test('a failure that the network reports while the call is under way stays a failure', async () => {
  const { store } = workshop.context;
  const trying = await attempt();
  await sending.send(trying, async () => {
    await store.write((unit) =>
      unit.parts.change(trying.part.id, 2, { state: 'failed', reason: 'outside the 24 hours' }),
    );
    return { outcome: 'sent', message: asId<RemoteMessageId>('wamid') };
  });
  expect(await store.read.parts.get(trying.part.id)).toMatchObject({ state: 'failed', remoteId: 'wamid' });
});
