/**
 * An official's messages, 20 at a time over 20 rooms, by two ways in turns: until the homeserver has pushed them to a
 * service that only answers 200, and until they have reached the citizens' phones through the bridge. A message is under
 * way for its author until the homeserver has taken it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { House } from '../tests/peers/house.ts';
import { installSynapse } from '../tests/peers/synapse/install.ts';
import { wordsOf } from '../tests/peers/scene.ts';
import type { SimulatedWhatsApp } from '../tests/peers/whatsapp-cloud/simulated-whatsapp.ts';
import { Arrivals } from './arrivals.ts';
import type { Bench, Figures, Say } from './bench.ts';
import { openChats } from './open-chats.ts';
import { rounded } from './rounded.ts';
import { SinkService } from './sink-service.ts';
import { inTurns } from './turns.ts';
import { untilDone } from './until-done.ts';

const chatsAtOnce = 20;
const arrivesWithinMs = 60_000;
const serverName = 'localhost';
const pollMs = 1_000;

export const outbound: Bench = {
  name: 'outbound',
  summary: "an official's messages a second, to a service that only answers and to the phones (five minutes)",
  async run(say) {
    await installSynapse(say);
    say('Starting homeserver, bridge and simulated WhatsApp ...');
    const directory = mkdtempSync(join(tmpdir(), 'sink-'));
    const pushed = new Arrivals<string>(arrivesWithinMs);
    const sink = new SinkService(directory, (room, body) => pushed.arrived(body, room));
    try {
      await sink.start(serverName);
      const house = await House.running({
        neighbours: [sink.registrationFile],
        whatsappSection: { messages_per_second: 1_000 },
      });
      try {
        return await measure(house, sink, pushed, say);
      } finally {
        await house.close();
      }
    } finally {
      await sink.stop();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(house: House, sink: SinkService, pushed: Arrivals<string>, say: Say): Promise<Figures> {
  const { synapse, whatsapp } = house;
  const watching = new AbortController();
  const reached = new Arrivals<string>(arrivesWithinMs);
  const watch = watchPhones(whatsapp, reached, watching.signal);
  try {
    const { chats, official } = await openChats(house, chatsAtOnce, async (phone, text) => {
      await whatsapp.citizen({ phone });
      await whatsapp.writeText(phone, text);
    });
    const rooms = await sink.makeRooms(synapse.url, serverName, official.userId, chatsAtOnce);
    for (const room of rooms) await official.waitForEvent((event) => event.room_id === room, { what: room });
    const shared = { settled: () => untilDone(house), cpuMs: () => house.bridge.cpuMs() };
    const {
      one: sunk,
      other: bridged,
      ratio,
    } = await inTurns(
      {
        ...shared,
        name: 'sink',
        chats: rooms,
        deliver: (room, text) => ({ arrived: pushed.of(text), next: official.sendText(room, text) }),
      },
      {
        ...shared,
        name: 'bridged',
        chats,
        deliver: ({ room }, text) => ({ arrived: reached.of(text), next: official.sendText(room, text) }),
      },
      { rounds: 10, messages: 15, say },
    );
    return {
      sink_per_s: rounded(sunk.perSecond),
      bridged_per_s: rounded(bridged.perSecond),
      ratio: rounded(ratio),
      sink_p50_ms: sunk.p50Ms,
      p50_ms: bridged.p50Ms,
      p99_ms: bridged.p99Ms,
      cpu_ms_per_message: rounded(bridged.cpuMsPerMessage),
    };
  } finally {
    watching.abort();
    await watch;
  }
}

/** Follows WhatsApp's own log. */
async function watchPhones(whatsapp: SimulatedWhatsApp, reached: Arrivals<string>, over: AbortSignal): Promise<void> {
  for (let since = 0; !over.aborted; ) {
    const { entries, next } = await whatsapp.log(since, pollMs);
    since = next;
    for (const entry of entries)
      if (entry.kind === 'business-message') reached.arrived(String(wordsOf(entry)), entry.citizen);
  }
}
