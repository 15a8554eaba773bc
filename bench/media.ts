/**
 * 200 files of 5 MB each way at once, over 20 chats, between a real homeserver and the simulated WhatsApp. Every file that
 * reached a phone, and one of each chat that reached a room, is compared with what was sent.
 */
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { House } from '../tests/peers/house.ts';
import { installSynapse } from '../tests/peers/synapse/install.ts';
import { Arrivals } from './arrivals.ts';
import { atOnce } from './at-once.ts';
import type { Bench, Figures, Say } from './bench.ts';
import { type OpenChat, openChats } from './open-chats.ts';
import { rounded } from './rounded.ts';

const chats = 20;
const filesOfAChat = 10;
const megabytes = 5;
const bytes = megabytes * 1024 * 1024;
const arrivesWithinMs = 10 * 60_000;
const pdf = { mime: 'application/pdf', msgtype: 'm.file' };

export const media: Bench = {
  name: 'media',
  summary: '200 files of 5 MB each way at once (three minutes)',
  async run(say) {
    await installSynapse(say);
    say(`Starting homeserver, bridge and simulated WhatsApp, and opening ${chats} chats ...`);
    const house = await House.running();
    const { whatsapp } = house;
    try {
      const opened = await openChats(house, chats, async (phone, text) => {
        await whatsapp.citizen({ phone, name: `Citizen ${phone}` });
        await whatsapp.writeText(phone, text);
      });
      return await measure(house, opened, say);
    } finally {
      await house.close();
    }
  },
};

async function measure(
  house: House,
  { chats: open, official }: Awaited<ReturnType<typeof openChats>>,
  say: Say,
): Promise<Figures> {
  const { bridge, whatsapp } = house;
  const inRooms = new Arrivals<string>(arrivesWithinMs);
  official.onEvent = ({ content: { body, url } }) => {
    if (typeof body === 'string' && typeof url === 'string') inRooms.arrived(body, url);
  };
  const file = join(house.directory, 'answer.pdf');
  const content = randomBytes(bytes);
  writeFileSync(file, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  bridge.residentMegabytes();
  say('Sending ...');
  const began = performance.now();
  let damaged = 0;
  const inward = atOnce(chats, open, async (chat) => {
    for (const name of namesIn(chat, 'in')) {
      const arriving = inRooms.of(name);
      const source = { size: bytes, seed: Number(chat.phone.slice(-3)) };
      const sent = await whatsapp.sendMedia(chat.phone, { kind: 'document', filename: name, mime: pdf.mime, source });
      const url = await arriving;
      if (name !== namesIn(chat, 'in')[0]) continue;
      if ((await official.downloadHash(url)).sha256 !== sent.media.sha256) damaged += 1;
    }
  });
  const outward = atOnce(chats, open, async (chat) => {
    for (const name of namesIn(chat, 'out')) {
      await official.sendFile(chat.room, file, { name, ...pdf });
      const arrived = await whatsapp.waitForKind(
        'business-message',
        ({ content: said }) => (said as { filename?: string } | undefined)?.filename === name,
        { what: name, timeoutMs: arrivesWithinMs },
      );
      if (arrived.media?.sha256 !== sha256) damaged += 1;
    }
  });
  await Promise.all([inward, outward]);
  const seconds = (performance.now() - began) / 1_000;
  return {
    mb_per_s: rounded((2 * chats * filesOfAChat * megabytes) / seconds),
    rss_mb: rounded(bridge.peakMegabytes()),
    damaged,
  };
}

const namesIn = ({ phone }: OpenChat, way: 'in' | 'out'): string[] =>
  Array.from({ length: filesOfAChat }, (_, number) => `${way}-${number}-${phone}.pdf`);
