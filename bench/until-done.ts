/** The bridge has nothing left to do, by its own account, and WhatsApp has told it everything. */
import { setTimeout as delay } from 'node:timers/promises';
import type { House } from '../tests/peers/house.ts';

const lookAgainMs = 500;

export async function untilDone({ bridge, whatsapp }: House): Promise<void> {
  for (;;) {
    await whatsapp.idle();
    const { journal } = await bridge.status();
    if (journal['waiting'] === 0) return;
    await delay(lookAgainMs);
  }
}
