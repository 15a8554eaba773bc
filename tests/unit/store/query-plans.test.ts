/** What is asked for every message is found by an index, however many millions of finished ones lie beside it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  type AccountId,
  asId,
  type ChatId,
  type ContactId,
  type EventId,
  type JournalId,
  type LaneKey,
  type NetworkId,
  type PartId,
  type PortalId,
  type RemoteMessageId,
  type RoomId,
  type SendKey,
} from '../../../src/model/ids.ts';
import { Accounts } from '../../../src/store/accounts.ts';
import { type DatabaseFiles, openDatabase } from '../../../src/store/database.ts';
import { Ghosts } from '../../../src/store/ghosts.ts';
import { Journal } from '../../../src/store/journal.ts';
import { kyselyOver } from '../../../src/store/kysely.ts';
import { Parts } from '../../../src/store/parts.ts';
import { Portals } from '../../../src/store/portals.ts';
import { Reactions } from '../../../src/store/reactions.ts';
import { SealedValues } from '../../../src/vault/sealed-values.ts';

const key = new Uint8Array(32).fill(5);
const directory = mkdtempSync(join(tmpdir(), 'chancery-plans-'));
let files: DatabaseFiles;

beforeAll(() => {
  files = openDatabase(directory, key);
});

afterAll(async () => {
  await files.close();
  rmSync(directory, { recursive: true });
});

const row = { id: asId<JournalId>(1), lane: asId<LaneKey>('in/1') };
const portal = asId<PortalId>(1);
const part = asId<PartId>(1);
const event = asId<EventId>('$event');
const remote = asId<RemoteMessageId>('remote');
const account = asId<AccountId>('account');

const over = () => {
  const db = kyselyOver(files.writer);
  return {
    accounts: new Accounts(db, new SealedValues(key, 'credentials')),
    ghosts: new Ghosts(db),
    journal: new Journal(db),
    parts: new Parts(db),
    portals: new Portals(db),
    reactions: new Reactions(db),
  };
};
type Asked = ReturnType<typeof over>;

/** The plan of every statement that this question needs. */
async function plansOf(ask: (repositories: Asked) => Promise<unknown>): Promise<string[]> {
  const prepare = jest.spyOn(files.writer, 'prepare');
  await ask(over());
  const statements = prepare.mock.calls.map(([sql]) => sql);
  prepare.mockRestore();
  return statements.flatMap((sql) => {
    const values = Array.from({ length: sql.split('?').length - 1 }, () => 1);
    const steps = files.writer.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    return steps.map(({ detail }) => detail);
  });
}

const questions: Readonly<Record<string, (repositories: Asked) => Promise<unknown>>> = {
  'the head of a lane': ({ journal }) => journal.head(row.lane),
  'what waits behind it': ({ journal }) => journal.anyBehind(row, 'passed-on $'),
  'whether something is known': ({ journal }) => journal.has('in', 'key'),
  'the end of a row': ({ journal }) => journal.finish(row.id, 'done', 1),
  'a row to be tried again': ({ journal }) => journal.retryAt(row.id, 1, 'reason'),
  'lanes with something to do': ({ journal }) => journal.lanes('in', undefined, 10),
  'what is not over': ({ journal }) => journal.counts(),
  'parts of a row': ({ parts }) => parts.of(row.id),
  'a part by its id': ({ parts }) => parts.get(part),
  "a part by the network's id": ({ parts }) => parts.byRemoteId(portal, remote),
  'a part by what was sent along': ({ parts }) => parts.bySendKey(asId<SendKey>('key')),
  'a part by its event': ({ parts }) => parts.byEventId(event),
  'another attempt at a part': ({ parts }) => parts.otherAttempt(event, 0, row.id),
  'the latest of a contact': ({ parts }) => parts.latestInbound(portal, part),
  'whether a call is under way': ({ parts }) => parts.anySending(portal),
  'a change of a part': ({ parts }) => parts.change(part, 1, { state: 'sent' }),
  'the steps of a finished row': ({ parts }) => parts.clearProgress(row.id),
  'messages that need an admin': ({ parts }) => parts.inStates(['uncertain', 'failed'], 10),
  'messages that are not over': ({ parts }) => parts.counts('out'),
  'a portal by its chat': ({ portals }) => portals.find(account, asId<ChatId>('chat')),
  'a portal by its room': ({ portals }) => portals.byRoom(asId<RoomId>('!room')),
  'a portal by its id': ({ portals }) => portals.get(portal),
  'a change of a portal': ({ portals }) => portals.change(portal, { lastActivityAt: 1 }),
  'portals in use': ({ portals }) => portals.active(1, 10),
  'a ghost': ({ ghosts }) => ghosts.get(asId<NetworkId>('network'), asId<ContactId>('contact')),
  "an adapter's state": ({ accounts }) => accounts.stateOf(account, 'key'),
  'reactions at a part': ({ reactions }) => reactions.at(part),
  'a reaction by its event': ({ reactions }) => reactions.byEventId(event),
};

/** Those few that need an admin may all be looked at. */
const good =
  /^SEARCH |^SCAN (journal|part) USING (COVERING )?INDEX (journal_attention|part_unsettled)|FOR (GROUP|ORDER) BY$/;

test.each(Object.entries(questions))('%s', async (_, ask) => {
  const plans = await plansOf(ask);
  expect(plans.length).toBeGreaterThan(0);
  expect(plans.filter((step) => !good.test(step))).toEqual([]);
});

test('what is not over is found by the index of what is not over', async () => {
  const asked = (ask: (repositories: Asked) => Promise<unknown>) => plansOf(ask).then((plans) => plans.join());
  expect(await asked(({ journal }) => journal.head(row.lane))).toContain('journal_lane');
  expect(await asked(({ journal }) => journal.anyBehind(row, 'passed-on $'))).toContain('journal_lane');
  expect(await asked(({ journal }) => journal.lanes('in', undefined, 10))).toContain('journal_lane');
  expect(await asked(({ journal }) => journal.counts())).toContain('journal_attention');
  expect(await asked(({ parts }) => parts.anySending(portal))).toContain('part_unsettled');
  expect(await asked(({ parts }) => parts.inStates(['failed'], 10))).toContain('part_unsettled');
  expect(await asked(({ parts }) => parts.counts('out'))).toContain('part_unsettled');
});
