/** Each step with a file is remembered: no crash loses one or has it done twice, and none is begun for ever. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Shown } from '../../../src/bridge/feedback.ts';
import { OutboundFiles } from '../../../src/bridge/outbound-file.ts';
import { Transcoding } from '../../../src/bridge/transcoding.ts';
import type { MediaAction } from '../../../src/matrix/read-event.ts';
import type { Capabilities } from '../../../src/model/capabilities.ts';
import type { SealedFile } from '../../../src/model/content.ts';
import {
  asId,
  type ContentUri,
  type EventId,
  type LaneKey,
  type MediaName,
  type RoomId,
} from '../../../src/model/ids.ts';
import type { Part, PartProgress } from '../../../src/store/parts.ts';
import { account, networkName } from './fake-session.ts';
import { Workshop } from './workshop.ts';

let workshop: Workshop;
let directory: string;
let part: Part;
let original: SealedFile;
const never = new AbortController().signal;
const action: MediaAction = {
  kind: 'media',
  media: 'voice',
  uri: asId<ContentUri>('mxc://agency.example/voice'),
  mimeType: 'audio/wav',
  fileName: 'voice.wav',
};
const media: Capabilities['media'] = {
  voice: { maxBytes: 2 ** 20, caption: false, mimeTypes: ['audio/ogg'], transcodesTo: ['audio/ogg'] },
  document: { maxBytes: 4 * 2 ** 20, caption: true },
};

beforeEach(async () => {
  workshop = await Workshop.open();
  directory = mkdtempSync(join(tmpdir(), 'outbound-file-'));
  const { store, files } = workshop.context;
  const portal = await workshop.portal();
  original = await files.seal(Readable.from(['what was said']), { maxBytes: 100 });
  const lane = asId<LaneKey>('out/1');
  part = await store.write(async (unit) => {
    const entry = { direction: 'out', dedupeKey: 'a voice', lane, payload: {}, receivedAt: workshop.now } as const;
    await unit.journal.add(entry);
    const row = await unit.journal.head(lane);
    if (row === undefined) throw new Error('nothing was journalled');
    const made = { journalId: row.id, number: 0, portalId: portal.id, direction: 'out', kind: 'message' } as const;
    return unit.parts.ensure({ ...made, author: 'ana', updatedAt: workshop.now });
  });
  await remember({ file: original });
});

afterEach(async () => {
  await workshop.close();
  rmSync(directory, { recursive: true });
});

async function remember(progress: PartProgress): Promise<void> {
  await workshop.context.store.write((unit) => unit.parts.change(part.id, workshop.now, { progress }));
  await reread();
}

/** As after a restart. */
async function reread(): Promise<PartProgress> {
  part = (await workshop.context.store.read.parts.get(part.id)) ?? part;
  return part.progress;
}

const runs = (): number => (existsSync(join(directory, 'runs')) ? readFileSync(join(directory, 'runs')).length : 0);

/** A program that counts how often it was started. */
function program(text: string): string {
  const path = join(directory, 'program');
  writeFileSync(path, `#!/bin/sh\nprintf x >> ${join(directory, 'runs')}\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

const shownOf = (): Shown => ({
  account: account.id,
  portal: part.portalId,
  room: asId<RoomId>('!chat'),
  event: asId<EventId>('$voice'),
  attempt: part.journalId,
});

async function ready(ffmpeg: string | undefined, more: Partial<MediaAction> = {}) {
  const { context, session } = workshop;
  const outbound = new OutboundFiles(context, new Transcoding({ files: context.files, ffmpeg }));
  const shown = shownOf();
  const able = Object.assign(session, { capabilities: { ...session.capabilities, media } });
  return outbound.ready({ part, session: able, networkName, shown }, { ...action, ...more }, never);
}

test('what was made is remembered with the original, and not made twice', async () => {
  const made = await ready(program('exec cat'));
  expect(made).toMatchObject({ kind: 'voice', mimeType: 'audio/ogg' });
  const progress = await reread();
  expect(progress).toMatchObject({ file: original, transcoded: { mimeType: 'audio/ogg' } });
  expect(await ready(program('exit 1'))).toMatchObject({ kind: 'voice', mimeType: 'audio/ogg' });
  expect(runs()).toBe(1);
});

test('what was made and is gone from the disk is made again', async () => {
  await ready(program('echo the one; exec cat > /dev/null'));
  const { transcoded } = await reread();
  if (transcoded === undefined || !('file' in transcoded)) throw new Error('nothing was made');
  await workshop.context.files.remove(transcoded.file.name);
  expect(await ready(program('echo the other'))).toMatchObject({ kind: 'voice' });
  expect(runs()).toBe(2);
});

test('what could not be made goes as it is, and is not tried again', async () => {
  for (let times = 0; times < 3; times += 1) {
    expect(await ready(program('exit 1'))).toMatchObject({ kind: 'document', mimeType: 'audio/wav', file: original });
    await reread();
  }
  expect(runs()).toBe(1);
});

test('what three processes died of is not begun a fourth time', async () => {
  await remember({ file: original, transcoded: { begun: 2 } });
  expect(await ready(program('exec cat'))).toMatchObject({ kind: 'voice' });
  await remember({ file: original, transcoded: { begun: 3 } });
  expect(await ready(program('exec cat'))).toMatchObject({
    kind: 'document',
    progress: { transcoded: { not: 'failed' } },
  });
  expect(runs()).toBe(1);
});

test('that it was begun is on disk before it is, and a stop is not held against the file', async () => {
  const stopping = new AbortController();
  const { context, session } = workshop;
  const outbound = new OutboundFiles(context, new Transcoding({ files: context.files, ffmpeg: program('sleep 600') }));
  const able = Object.assign(session, { capabilities: { ...session.capabilities, media } });
  const shown = shownOf();
  const running = outbound.ready({ part, session: able, networkName, shown }, action, stopping.signal);
  while (runs() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await reread()).transcoded).toEqual({ begun: 1 });
  stopping.abort(new Error('the bridge stops'));
  await expect(running).rejects.toThrow('the bridge stops');
  expect(await reread()).toEqual({ file: original });
});

test('without the program it goes as it is, and nothing is remembered of it', async () => {
  expect(await ready(undefined)).toMatchObject({ kind: 'document', file: original, mimeType: 'audio/wav' });
  expect((await reread()).transcoded).toBeUndefined();
});

test('what is too large once it is made is refused with the limit and what to do', async () => {
  expect(await ready(program('exec head -c 2000000 /dev/zero'))).toEqual({
    refusal:
      'This file was not sent: Parrot takes it as Ogg Opus only, and so it is over the 1 MB that it takes of this kind. Make it smaller, or send it as a file.',
  });
});

test('an original over the limit is fine where it is made smaller, up to 100 MB, and told where it is not', async () => {
  const large = await workshop.context.files.seal(Readable.from([Buffer.alloc(5 * 2 ** 20)]), { maxBytes: 2 ** 30 });
  await remember({ file: large });
  const sizeBytes = large.sizeBytes;
  expect(await ready(program('echo small; exec cat > /dev/null'), { sizeBytes })).toMatchObject({ kind: 'voice' });
  const tooLarge = { refusal: 'This file was not sent: Parrot takes at most 4 MB of this kind.' };
  await remember({ file: large });
  expect(await ready(program('exit 1'), { sizeBytes })).toEqual(tooLarge);
  await remember({ file: large });
  expect(await ready(undefined, { sizeBytes })).toEqual(tooLarge);
  expect(await ready(program('exec cat'), { sizeBytes: 101 * 2 ** 20 })).toEqual(tooLarge);
});

test('both files are in use until the message is done, and both are unneeded then', async () => {
  await ready(program('echo made; exec cat > /dev/null'));
  const { store } = workshop.context;
  const { file, transcoded } = await reread();
  const names: MediaName[] = [
    file,
    transcoded !== undefined && 'file' in transcoded ? transcoded.file : undefined,
  ].flatMap((sealed) => sealed?.name ?? []);
  expect(names).toHaveLength(2);
  expect([...(await store.read.parts.filesInUse())].sort()).toEqual([...names].sort());
  const unneeded = await store.write((unit) => unit.parts.clearProgress(part.journalId));
  expect([...unneeded].sort()).toEqual([...names].sort());
});
