/**
 * A bridge with 10,000 chats in which nothing happens: how soon it is ready, and how much memory it holds once it has
 * compared the rooms that it compares at every start. The chats are rows; the homeserver says that their rooms are empty.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AccountId, asId, type ChatId, type ContactId, type RoomId, type UserId } from '../src/model/ids.ts';
import { whatsapp } from '../src/networks/whatsapp/network.ts';
import { openStore } from '../src/store/store.ts';
import { readDatabaseKey } from '../src/vault/database-key.ts';
import { phoneNumberId } from '../tests/peers/house.ts';
import type { Bench, Figures } from './bench.ts';
import { InstantWorld, serverName } from './instant-world.ts';
import { rounded } from './rounded.ts';

const portals = 10_000;
const ghosts = 20_000;
const rowsInACommit = 1_000;
const quietMs = 2_000;

export const idle: Bench = {
  name: 'idle',
  summary: 'start and memory with 10,000 chats in which nothing happens (a quarter of a minute)',
  async run(say) {
    const nobody = (): void => undefined;
    const world = await InstantWorld.open({ onSent: nobody, onReached: nobody });
    try {
      await world.bridge.start();
      await world.connectNumber();
      await world.bridge.stop();
      say(`Writing ${portals} portals and ${ghosts} ghosts ...`);
      await fill(world);
      say('Starting the bridge ...');
      return await measure(world);
    } finally {
      await world.close();
    }
  },
};

async function fill({ bridge }: InstantWorld): Promise<void> {
  const key = await readDatabaseKey({ keyFile: join(bridge.directory, 'database.key'), environment: {} });
  const store = openStore(join(bridge.directory, 'data'), key);
  const account = asId<AccountId>(`${whatsapp.id}/${phoneNumberId}`);
  const now = Date.now();
  for (let from = 0; from < ghosts; from += rowsInACommit) {
    await store.write(async (unit) => {
      for (let number = from; number < from + rowsInACommit; number += 1) {
        const contact = `4930${String(number).padStart(8, '0')}`;
        await unit.ghosts.put({
          network: whatsapp.id,
          contactId: asId<ContactId>(contact),
          userId: asId<UserId>(`@_chancery_${contact}:${serverName}`),
          displayName: `Citizen ${number} (WhatsApp)`,
        });
        if (number >= portals) continue;
        const { id } = await unit.portals.ensure(account, asId<ChatId>(contact), `Citizen ${number}`, now);
        await unit.portals.change(id, { roomId: asId<RoomId>(`!room-${number}:${serverName}`) });
      }
    });
  }
  await store.close();
}

async function measure({ bridge, homeserver }: InstantWorld): Promise<Figures> {
  const began = performance.now();
  await bridge.start();
  const readyMs = performance.now() - began;
  for (let asked = -1; asked !== homeserver.asked; ) {
    asked = homeserver.asked;
    await delay(quietMs);
  }
  return {
    ready_ms: Math.round(readyMs),
    rss_mb: rounded(bridge.peakMegabytes()),
    rss_at_rest_mb: rounded(bridge.residentMegabytes()),
    compared_rooms: homeserver.historiesAsked,
  };
}
