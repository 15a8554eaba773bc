/** A file that does not come holds its chat for a while and not for ever; an outage costs it none of its chances. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { isFileGivenUp } from '../../../src/bridge/file-trouble.ts';
import { asId, type LaneKey, type MediaName } from '../../../src/model/ids.ts';
import type { Part } from '../../../src/store/parts.ts';
import { Workshop } from './workshop.ts';

let workshop: Workshop;
let part: Part;
const minuteMs = 60_000;

beforeEach(async () => {
  workshop = await Workshop.open();
  const portal = await workshop.portal();
  const lane = asId<LaneKey>('in/1');
  part = await workshop.context.store.write(async (unit) => {
    const entry = { direction: 'in', dedupeKey: 'a photo', lane, payload: {}, receivedAt: workshop.now } as const;
    await unit.journal.add(entry);
    const row = await unit.journal.head(lane);
    if (row === undefined) throw new Error('nothing was journalled');
    const made = { journalId: row.id, number: 0, portalId: portal.id, direction: 'in', kind: 'message' } as const;
    return unit.parts.ensure({ ...made, author: 'erin', updatedAt: workshop.now });
  });
});

afterEach(() => workshop.close());

const troubles = async (times: number): Promise<boolean> => {
  let isGivenUp = false;
  for (let time = 0; time < times; time += 1) isGivenUp = await isFileGivenUp(workshop.context, part);
  return isGivenUp;
};

test('it is given up after ten troubles and ten minutes, not sooner by either', async () => {
  expect(await troubles(12)).toBe(false);
  workshop.now += 10 * minuteMs - 1;
  expect(await troubles(1)).toBe(false);
  workshop.now += 1;
  expect(await troubles(1)).toBe(true);
});

test('what the lane waited for before, however long, is no trouble of the file', async () => {
  workshop.now += 600 * minuteMs;
  expect(await troubles(9)).toBe(false);
  workshop.now += 10 * minuteMs;
  expect(await troubles(1)).toBe(true);
});

test('the steps that were done are not forgotten over it, and a clock that is set back does not help it to more', async () => {
  const { store } = workshop.context;
  const file = { name: asId<MediaName>('f'.repeat(64)), sizeBytes: 1, sha256: '0' };
  await store.write((unit) => unit.parts.change(part.id, workshop.now, { progress: { file } }));
  await troubles(9);
  expect((await store.read.parts.get(part.id))?.progress).toMatchObject({ file, trouble: { times: 9 } });
  workshop.now -= 60 * minuteMs;
  expect(await troubles(1)).toBe(false);
  workshop.now += 10 * minuteMs;
  expect(await troubles(1)).toBe(true);
});
