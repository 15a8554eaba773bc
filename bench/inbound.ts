/**
 * Citizens' messages into their rooms, 20 at a time over 20 chats, by two ways in turns: straight to the homeserver, as
 * the same ghosts and into the same rooms, and by webhook through the bridge. A message has arrived when an official's
 * client has seen it.
 */
import { House } from '../tests/peers/house.ts';
import { installSynapse } from '../tests/peers/synapse/install.ts';
import type { Bench } from './bench.ts';
import { GhostClient } from './ghost-client.ts';
import { citizensOf, openChats } from './open-chats.ts';
import { rounded } from './rounded.ts';
import { type Delivery, inTurns } from './turns.ts';
import { untilDone } from './until-done.ts';

const chatsAtOnce = 20;

/** The next goes when this one was seen, by either way. */
function whole(...parts: readonly Promise<unknown>[]): Delivery {
  const arrived = Promise.all(parts);
  return { next: arrived, arrived };
}

export const inbound: Bench = {
  name: 'inbound',
  summary: "citizens' messages a second, straight to the homeserver and through the bridge (five minutes)",
  async run(say) {
    await installSynapse(say);
    say('Starting homeserver, bridge and simulated WhatsApp ...');
    const house = await House.running();
    const citizens = citizensOf(house);
    const ghosts = new GhostClient(house.synapse.url, house.bridge.registrationFile);
    try {
      const { chats, seen } = await openChats(house, chatsAtOnce, (phone, text) => citizens.write(phone, text));
      const shared = { chats, settled: () => untilDone(house), cpuMs: () => house.bridge.cpuMs() };
      const {
        one: raw,
        other: bridged,
        ratio,
      } = await inTurns(
        {
          ...shared,
          name: 'raw',
          deliver: ({ ghost, room }, text) => whole(seen.of(text), ghosts.sendText(ghost, room, text)),
        },
        {
          ...shared,
          name: 'bridged',
          deliver: ({ phone }, text) => whole(seen.of(text), citizens.write(phone, text)),
        },
        { rounds: 10, messages: 15, say },
      );
      return {
        raw_per_s: rounded(raw.perSecond),
        bridged_per_s: rounded(bridged.perSecond),
        ratio: rounded(ratio),
        raw_p50_ms: raw.p50Ms,
        p50_ms: bridged.p50Ms,
        p99_ms: bridged.p99Ms,
        cpu_ms_per_message: rounded(bridged.cpuMsPerMessage),
      };
    } finally {
      await Promise.all([citizens.close(), ghosts.close()]);
      await house.close();
    }
  },
};
