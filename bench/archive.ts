/** An archive of a million entries behind a running bridge: what an officer waits for. Lies in a folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keptLedger } from '../src/cli/ledger.ts';
import { readConfiguration } from '../src/cli/configuration.ts';
import { createLog } from '../src/base/logging.ts';
import type { ChatThen, Happening } from '../src/model/happening.ts';
import {
  type AccountId,
  asId,
  type ChatId,
  type EventId,
  type NetworkId,
  type RemoteMessageId,
} from '../src/model/ids.ts';
import { openStore, type Store } from '../src/store/store.ts';
import { readDatabaseKey } from '../src/vault/database-key.ts';
import { exportTo } from '../tests/peers/given-records.ts';
import type { Figures, Say } from './bench.ts';
import { InstantWorld } from './instant-world.ts';
import { percentile } from './percentile.ts';
import { rounded } from './rounded.ts';

const entries = 1_000_000;
const chats = 100;
const wanted = entries / chats;
const together = 100;
const proofsMeasured = 200;
const account = asId<AccountId>('whatsapp/15550000000');
const phoneOf = (chat: number): string => `4930666${String(chat).padStart(5, '0')}`;
const verifier = fileURLToPath(new URL('../src/records/records-verify.mjs', import.meta.url));

export async function archiveFigures(say: Say): Promise<Figures> {
  const world = await InstantWorld.open({ onSent: () => undefined, onReached: () => undefined }, { recorded: true });
  try {
    say(`Recording ${entries} entries ...`);
    const made = await fill(world, say);
    await world.bridge.start();
    const bag = join(world.directory, 'bag');
    say('Exporting ...');
    const exporting = performance.now();
    await exportTo(bag, { bridge: world.bridge, officerKey: join(world.directory, 'officer.age') }, [
      '--contact',
      phoneOf(7),
    ]);
    const export_s = seconds(exporting);
    const exportingMb = world.bridge.residentMegabytes();
    say('Verifying ...');
    const verifying = performance.now();
    await verify(bag);
    return { ...made, export_s, verify_s: seconds(verifying), export_rss_mb: rounded(exportingMb) };
  } finally {
    await world.close();
  }
}

/** As the bridge does it, with nobody waiting in between. */
async function fill({ bridge }: InstantWorld, say: Say): Promise<Figures> {
  const config = await readConfiguration(bridge.configFile);
  const key = await readDatabaseKey({ keyFile: config.data.key_file, environment: {} });
  const log = createLog('silent');
  const kept = await keptLedger(config, key, () => 'whatsapp', log);
  if (kept === undefined) throw new Error('the configuration keeps a ledger');
  const store = openStore(config.data.directory, key, { keeper: kept.ledger });
  const ledger = await kept.open(store);
  const people = await chatsIn(store);
  const began = performance.now();
  for (let at = 0; at < entries; at += together) {
    await store.write(async (unit) => {
      for (let each = at; each < at + together; each += 1) await unit.ledger.record(happening(each, people));
    });
    if (at % 10_000 === 0) await ledger.archive.head();
    if (at % 250_000 === 0) say(`${at} ...`);
  }
  const { checkpoint, size } = await ledger.archive.head();
  const append_per_s = Math.round(size / ((performance.now() - began) / 1_000));
  const proofs: number[] = [];
  for (let count = 0; count < proofsMeasured; count += 1) {
    const proving = performance.now();
    await ledger.archive.proofs([Math.floor((count * size) / proofsMeasured)], checkpoint);
    proofs.push(performance.now() - proving);
  }
  await ledger.stop();
  await store.close();
  const { size: bytes } = statSync(join(config.data.directory, 'ledger.db'));
  return {
    entries: size,
    append_per_s,
    proof_ms: rounded(percentile(proofs, 0.99)),
    bytes_per_entry: Math.round(bytes / size),
  };
}

async function chatsIn(store: Store): Promise<readonly ChatThen[]> {
  return store.write(async (unit) => {
    await unit.accounts.put({
      id: account,
      network: asId<NetworkId>('whatsapp'),
      displayName: 'City Hall',
      credentials: {},
      createdAt: 1,
    });
    // Nobody is to stand for it.
    await unit.accounts.logOut(account);
    const made: ChatThen[] = [];
    for (let chat = 0; chat < chats; chat += 1) {
      const phone = phoneOf(chat);
      const portal = await unit.portals.ensure(account, asId<ChatId>(phone), `Citizen ${chat}`, 1);
      await unit.portals.noteIn(portal.id, phone);
      const people = [
        { id: phone, name: `Citizen ${chat}` },
        { user: '@official:instant.localhost', name: 'An Official' },
      ];
      made.push({ ...portal, people: JSON.stringify(people) });
    }
    return made;
  });
}

/** By turns what a citizen says and what came of it. */
function happening(number: number, people: readonly ChatThen[]): Happening {
  const place = number % chats;
  const chat = people[place];
  if (chat === undefined) throw new Error('each entry has a chat');
  const shared = { chat, at: 1_700_000_000_000 + number * 1_000, direction: 'in' } as const;
  const event = asId<EventId>(`$${String(number).padStart(43, 'e')}`);
  if (Math.floor(number / chats) % 2 === 1)
    return { ...shared, kind: 'outcome', of: number - chats, state: 'done', content: { parts: [{ part: 0, event }] } };
  return {
    ...shared,
    kind: 'message',
    author: { id: phoneOf(place), name: `Citizen ${place}` },
    content: { type: 'text', text: { text: `This is what I wanted to ask you, number ${number}.`, ranges: [] } },
    remote: asId<RemoteMessageId>(`wamid.${String(number).padStart(50, 'A')}`),
  };
}

async function verify(bag: string): Promise<void> {
  const running = spawn(process.execPath, [verifier, bag], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  running.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const [code] = (await once(running, 'close')) as [number];
  if (code !== 0 || !told.includes(String(wanted))) throw new Error(`the bag does not verify: ${told}`);
}

const seconds = (since: number): number => rounded((performance.now() - since) / 1_000);
