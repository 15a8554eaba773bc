/**
 * What the bridge itself can do: both ways at once, between a homeserver and a network that answer at once, over real
 * HTTP and with every commit on disk. In each chat the next message goes when the one before has arrived, each way.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, Figures, Say } from './bench.ts';
import { Arrivals } from './arrivals.ts';
import { InstantWorld, official } from './instant-world.ts';
import { rounded } from './rounded.ts';
import { percentile } from './percentile.ts';

/** Both ways, so that 20 messages are under way at a time, as in `inbound`. */
const chats = 10;
const warmUpMs = 5_000;
const measuredMs = 20_000;
const arrivesWithinMs = 20_000;

interface Chat {
  readonly phone: string;
  readonly room: string;
}

export const core: Bench = {
  name: 'core',
  summary: 'messages a second between a homeserver and a network that answer at once (half a minute)',
  run: (say) => coreOnce(say, false),
};

/** `recorded`: with a ledger. */
export async function coreOnce(say: Say, recorded: boolean): Promise<CoreFigures> {
  const inRooms = new Arrivals<string>(arrivesWithinMs);
  const atPhones = new Arrivals<string>(arrivesWithinMs);
  const world = await InstantWorld.open(
    {
      onSent: (room, content) => inRooms.arrived(bodyOf(content), room),
      onReached: (phone, text) => atPhones.arrived(text, phone),
    },
    { recorded },
  );
  try {
    say('Starting the bridge ...');
    await world.bridge.start();
    await world.connectNumber();
    return await measure(world, inRooms, atPhones, say);
  } finally {
    await world.close();
  }
}

interface CoreFigures extends Figures {
  readonly per_s: number;
  readonly ack_p99_ms: number;
  readonly rss_mb: number;
  readonly cpu_ms_per_message: number;
}

async function measure(
  { citizens, homeserver, bridge }: InstantWorld,
  inRooms: Arrivals<string>,
  atPhones: Arrivals<string>,
  say: Say,
): Promise<CoreFigures> {
  const open: Chat[] = [];
  for (let number = 0; number < chats; number += 1) {
    const phone = `4930555${String(number).padStart(5, '0')}`;
    const opened = inRooms.of(`hello from ${phone}`);
    await citizens.write(phone, `hello from ${phone}`);
    open.push({ phone, room: await opened });
  }
  let arrived = 0;
  let running = true;
  const acknowledgedMs: number[] = [];
  const inbound = open.map(async ({ phone }) => {
    for (let number = 0; running; number += 1) {
      const text = `${number} from ${phone}`;
      const arriving = inRooms.of(text);
      acknowledgedMs.push(await citizens.write(phone, text));
      await arriving;
      arrived += 1;
    }
  });
  const outbound = open.map(async ({ phone, room }) => {
    for (let number = 0; running; number += 1) {
      const body = `${number} to ${phone}`;
      const arriving = atPhones.of(body);
      homeserver.say({ room, sender: official, type: 'm.room.message', content: { msgtype: 'm.text', body } });
      await arriving;
      arrived += 1;
    }
  });
  const everybody = Promise.all([...inbound, ...outbound]);
  await Promise.race([everybody, delay(warmUpMs)]);
  say('Measuring ...');
  acknowledgedMs.length = 0;
  homeserver.takeAcknowledged();
  const before = { arrived, cpuMs: bridge.cpuMs(), at: performance.now() };
  await Promise.race([everybody, delay(measuredMs)]);
  const messages = arrived - before.arrived;
  const seconds = (performance.now() - before.at) / 1_000;
  const figures = {
    per_s: rounded(messages / seconds),
    ack_p99_ms: percentile([...acknowledgedMs, ...homeserver.takeAcknowledged()], 0.99),
    rss_mb: rounded(bridge.residentMegabytes()),
    cpu_ms_per_message: rounded((bridge.cpuMs() - before.cpuMs) / messages),
  };
  running = false;
  await everybody;
  return figures;
}

const bodyOf = (content: unknown): string => (content as { readonly body?: string }).body ?? '';
