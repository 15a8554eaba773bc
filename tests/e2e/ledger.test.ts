/**
 * Everything that happens in a chat is on record, and what is given out of the record can be checked by who gets it: with
 * one file that needs nothing else, and with tools that nobody here wrote.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { listAgain } from '../peers/forged-bag.ts';
import { exportTo, recordsIn, verified } from '../peers/given-records.ts';
import { officerAnswers } from '../peers/house.ts';
import { BridgeProcess } from '../peers/bridge/bridge-process.ts';
import { Scene } from '../peers/scene.ts';

const run = promisify(execFile);
const outside = mkdtempSync(join(tmpdir(), 'bags-'));
let scene: Scene;
let phone: string;
let room: string;

beforeAll(async () => {
  scene = await Scene.open({ recorded: true });
}, 300_000);

afterAll(async () => {
  rmSync(outside, { recursive: true, force: true });
  await scene.close();
}, 60_000);

let bags = 0;
const exported = async (...args: readonly string[]): Promise<string> => {
  const bag = join(outside, `bag-${(bags += 1)}`);
  await exportTo(bag, scene.house, args);
  return bag;
};

test('what citizens and officials write, change, take back and set is on record, with who they were and what came of it', async () => {
  const { ana } = scene;
  const opened = await scene.openChat('where is my passport?');
  ({ phone, room } = opened);
  const sent = await ana.sendText(room, 'it is ready');
  await scene.arrivesAtPhone('it is ready');
  await ana.edit(room, sent, 'it is ready on Monday');
  await ana.react(room, opened.first.event_id, '👍');
  await ana
    .call('PUT', `/rooms/${encodeURIComponent(room)}/state/m.room.topic/`, { topic: 'Passport' })
    .catch(() => undefined);
  const regretted = await ana.sendText(room, 'he is a nuisance');
  await scene.arrivesAtPhone('he is a nuisance');
  await ana.redact(room, regretted);
  await scene.house.whatsapp.read(phone);
  await scene.settled();
  const bag = await exported('--chat', room);
  const told = recordsIn(bag).map(({ fields }) => fields);
  const kinds = new Set(told.map(({ kind }) => kind));
  for (const kind of ['message', 'outcome', 'edit', 'reaction', 'deletion', 'receipt']) expect(kinds).toContain(kind);
  const asked = told.find(({ kind, direction }) => kind === 'message' && direction === 'in');
  expect(asked).toMatchObject({
    chat: { network: 'whatsapp', account: 'whatsapp/106540352242922', id: phone },
    author: { id: phone, name: 'Citizen 1' },
    content: { type: 'text', text: { text: 'where is my passport?' } },
  });
  // What was deleted stays, with who deleted it.
  const said = told.find(({ content }) => JSON.stringify(content ?? null).includes('he is a nuisance'));
  expect(said).toMatchObject({ author: { user: '@ana:localhost' }, event: regretted });
  expect(told.find(({ kind }) => kind === 'deletion')).toMatchObject({
    author: { user: '@ana:localhost' },
    relates: { target: regretted },
  });
  const outcome = told.find(
    ({ kind, of }) =>
      kind === 'outcome' && of === recordsIn(bag).find(({ fields }) => fields['event'] === sent)?.number,
  );
  expect(outcome).toMatchObject({
    state: 'done',
    content: { parts: [{ state: 'sent', remote: expect.stringMatching(/^wamid/) }] },
  });
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, place) => place + 1));
  expect(await verified(bag)).toMatchObject({ code: 0, told: expect.stringContaining(`${told.length} records`) });
});

test('a bag fits for sha512sum too; one in which a record is missing, changed or has another proof does not, however it is listed', async () => {
  const bag = await exported('--chat', phone);
  await run('sha512sum', ['--check', '--strict', '--quiet', 'manifest-sha512.txt'], { cwd: bag });
  await run('sha512sum', ['--check', '--strict', '--quiet', 'tagmanifest-sha512.txt'], { cwd: bag });
  const forge = async (change: (bag: string) => void): Promise<string> => {
    const copy = join(outside, `forged-${(bags += 1)}`);
    cpSync(bag, copy, { recursive: true });
    change(copy);
    listAgain(copy);
    const { code, told } = await verified(copy);
    expect(code).toBe(1);
    return told;
  };
  const records = 'data/records.jsonl';
  const lines = readFileSync(join(bag, records), 'utf8').trimEnd().split('\n');
  const { number } = JSON.parse(lines[1] ?? '') as { number: number };
  const without = lines.filter((_, place) => place !== 1);
  expect(
    await forge((copy) => {
      writeFileSync(join(copy, records), `${without.join('\n')}\n`);
      rmSync(join(copy, `data/proofs/${number}.tlog-proof`));
      const path = join(copy, 'data/statement.json');
      const statement = JSON.parse(readFileSync(path, 'utf8')) as { records: number; chats: { sequences: unknown }[] };
      statement.records -= 1;
      const [chat] = statement.chats;
      if (chat !== undefined)
        chat.sequences = [
          [1, 1],
          [3, lines.length],
        ];
      writeFileSync(path, `${JSON.stringify(statement, null, 2)}\n`);
      const info = join(copy, 'bag-info.txt');
      writeFileSync(info, readFileSync(info, 'utf8').replace(/\d+ records/, `${statement.records} records`));
      const aid = join(copy, 'data/finding-aid.csv');
      writeFileSync(aid, readFileSync(aid, 'utf8').replace(new RegExp(`data/proofs/${number}\\.tlog-proof.*\r\n`), ''));
    }),
  ).toContain('the export that is on record had another payload');
  expect(await forge((copy) => writeFileSync(join(copy, records), `${lines.toReversed().join('\n')}\n`))).toContain(
    'out of order',
  );
  expect(
    await forge((copy) => {
      const other = JSON.parse(lines[0] ?? '') as { number: number };
      cpSync(join(copy, `data/proofs/${other.number}.tlog-proof`), join(copy, `data/proofs/${number}.tlog-proof`));
    }),
  ).toContain('is no proof of this record');
  expect(await forge((copy) => writeFileSync(join(copy, 'data/more.txt'), 'more'))).toContain('is none of its files');
});

test('fields that are left out are not in the bag, and it still fits', async () => {
  const bag = await exported('--chat', room, '--redact', 'author', 'people', 'chat');
  expect(await verified(bag)).toMatchObject({ code: 0 });
  const whole = readFileSync(join(bag, 'data/records.jsonl'), 'utf8');
  const names = recordsIn(bag).flatMap(({ fields }) => Object.keys(fields));
  expect(names).toContain('content');
  for (const name of ['author', 'people', 'chat']) expect(names).not.toContain(name);
  expect(Buffer.from(whole, 'latin1').includes(phone)).toBe(false);
});

test('of a person there is what happened while they were in the chat, and that it was given is on record', async () => {
  const other = await scene.openChat('I am somebody else');
  const bag = await exported('--contact', other.phone);
  const chats = new Set(recordsIn(bag).map(({ fields }) => (fields['chat'] as { id: string }).id));
  expect(chats).toEqual(new Set([other.phone]));
  const everything = recordsIn(await exported()).map(({ fields }) => fields);
  expect(everything.filter(({ kind }) => kind === 'export').length).toBeGreaterThanOrEqual(4);
});

test('without an officer’s key nothing is given: not with another one, not with a wrong passphrase', async () => {
  const { bridge, officerKey } = scene.house;
  const out = join(outside, 'nothing');
  const ask = (key: string, passphrase: string): Promise<string> =>
    bridge.command(['records', 'export', '--key', key, '--out', out, '--answers', '-'], JSON.stringify({ passphrase }));
  await expect(ask(officerKey, 'not the right passphrase')).rejects.toThrow('CH-PASSPHRASE-WRONG');
  const other = join(outside, 'other.age');
  await BridgeProcess.alone(['records', 'keygen', '--out', other, '--answers', '-'], officerAnswers);
  const { passphrase } = JSON.parse(officerAnswers) as { passphrase: string };
  await expect(ask(other, passphrase)).rejects.toThrow('CH-RECORDS-KEY-WRONG');
});

test('after the bridge was killed the record goes on without a gap, and what was given before still fits the ledger', async () => {
  const before = recordsIn(await exported());
  await scene.house.bridge.kill();
  await scene.house.bridge.start();
  await scene.house.whatsapp.writeText(phone, 'are you there again?');
  await scene.arrivesInRoom('are you there again?');
  await scene.settled();
  const bag = await exported();
  expect(await verified(bag)).toMatchObject({ code: 0 });
  const after = recordsIn(bag);
  expect(after.map(({ number }) => number)).toEqual(after.map((_, place) => place));
  expect(after.slice(0, before.length)).toEqual(before);
});

test('an officer who was named later opens what was sealed before, once another officer has sealed it for both', async () => {
  const { bridge, officerKey } = scene.house;
  const later = join(outside, 'later.age');
  const told = await BridgeProcess.alone(['records', 'keygen', '--out', later, '--answers', '-'], officerAnswers);
  const recipient = /^age1\S+$/m.exec(told)?.[0] ?? '';
  const config = parse(readFileSync(bridge.configFile, 'utf8')) as { records: { recipients: string[] } };
  config.records.recipients.push(recipient);
  await bridge.stop();
  writeFileSync(bridge.configFile, stringify(config));
  await bridge.start();
  const bag = join(outside, 'later');
  const asLater = (): Promise<string> =>
    bridge.command(['records', 'export', '--key', later, '--out', bag, '--answers', '-'], officerAnswers);
  await expect(asLater()).rejects.toThrow('CH-RECORDS-KEY-WRONG');
  rmSync(bag, { recursive: true });
  expect(await bridge.command(['records', 'rewrap', '--key', officerKey, '--answers', '-'], officerAnswers)).toContain(
    'sealed for 2 officers',
  );
  await asLater();
  expect(await verified(bag)).toMatchObject({ code: 0 });
  expect(recordsIn(bag).length).toBeGreaterThan(20);
  const acts = recordsIn(bag).filter(
    ({ fields }) => (fields['content'] as { act?: string } | undefined)?.act === 'rewrap',
  );
  expect(acts).toHaveLength(1);
});

test('an audit finds nothing that differs, then each thing that the homeserver loses, and names it', async () => {
  const { house, ana } = scene;
  const audited = async (): Promise<{ code: number; findings: { what: string; event?: string; room?: string }[] }> => {
    const { code, out } = await house.bridge.run(['records', 'audit', '--json']);
    return { code, findings: (JSON.parse(out) as { findings: { what: string; event?: string }[] }).findings };
  };
  expect(await audited()).toEqual({ code: 0, findings: [] });
  const chat = await scene.openChat('about to be lost');
  const answer = await ana.sendText(chat.room, 'an answer');
  await scene.arrivesAtPhone('an answer');
  await scene.settled();
  // Whoever has the right to redact, past the bridge.
  const { as_token: token } = parse(readFileSync(house.bridge.registrationFile, 'utf8')) as { as_token: string };
  const asGhost = `user_id=${encodeURIComponent(chat.first.sender)}`;
  const redaction = `rooms/${encodeURIComponent(chat.room)}/redact/${encodeURIComponent(chat.first.event_id)}/past`;
  const redacted = await fetch(`${house.synapse.url}/_matrix/client/v3/${redaction}?${asGhost}`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: '{}',
  });
  expect(redacted.status).toBe(200);
  expect(await audited()).toMatchObject({
    code: 1,
    findings: [{ what: 'content gone there', room: chat.room, event: chat.first.event_id }],
  });
  // An administrator of the homeserver purges the history, and then the room.
  await house.synapse.registerUser('root', house.secrets.password, true);
  const root = await house.client('root');
  const admin = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${house.synapse.url}/_synapse/admin/${path}`, {
      method,
      headers: { Authorization: `Bearer ${root.accessToken}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  };
  /** As often as it takes: Synapse may fail at it while it is busy with the room. */
  const done = async (
    method: string,
    path: string,
    body: object,
    statusOf: (begun: object) => string,
  ): Promise<void> => {
    let status = statusOf(await admin(method, path, body));
    let told: Record<string, unknown> = {};
    for (let times = 0; times < 120; times += 1) {
      told = await admin('GET', status);
      if (told['status'] === 'complete') return;
      if (told['status'] === 'failed') status = statusOf(await admin(method, path, body));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    throw new Error(`the homeserver does not get to the end of ${path}: ${JSON.stringify(told)}`);
  };
  const last = await ana.sendText(chat.room, 'the last word');
  await scene.arrivesAtPhone('the last word');
  await scene.settled();
  const room = encodeURIComponent(chat.room);
  const upTo = `v1/purge_history/${room}/${encodeURIComponent(last)}`;
  await done('POST', upTo, { delete_local_events: true }, (begun) => {
    const { purge_id: purge } = begun as { readonly purge_id: string };
    return `v1/purge_history_status/${purge}`;
  });
  expect((await audited()).findings).toContainEqual(
    expect.objectContaining({ what: 'missing there', room: chat.room, event: answer }),
  );
  await done('DELETE', `v2/rooms/${room}`, { purge: true, force_purge: true }, (begun) => {
    const { delete_id: deletion } = begun as { readonly delete_id: string };
    return `v2/rooms/delete_status/${deletion}`;
  });
  expect((await audited()).findings).toContainEqual(expect.objectContaining({ what: 'room gone', room: chat.room }));
}, 180_000);
