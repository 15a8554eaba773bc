/** The bridge speaks, as it is, to a Graph server that nobody here wrote: a login, texts, a reply and read marks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type StartedWhatsAppServer, startWhatsAppServer } from '@openclaw/crabline';
import { House, loginAnswers, phoneNumberId } from '../peers/house.ts';
import type { OrdinaryClient, SeenEvent } from '../peers/matrix-client/ordinary-client.ts';

interface Taken {
  readonly accepted?: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

const phone = '4930555777';
const taken: Taken[] = [];
let directory: string;
let graph: StartedWhatsAppServer;
let house: House;
let ana: OrdinaryClient;
let opened: SeenEvent;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'second-graph-'));
  graph = await startWhatsAppServer({
    graphVersion: 'v23.0',
    phoneNumberId,
    recorderPath: join(directory, 'taken.jsonl'),
    onEvent: (event) => void taken.push(event as unknown as Taken),
  });
  house = await House.open({ whatsappSection: { graph_url: new URL(graph.manifest.baseUrl).origin } });
  await house.bridge.start();
  ana = await house.client();
}, 300_000);

afterAll(async () => {
  await house.close();
  await graph.close();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

const acceptedWith = (fits: (body: Taken['body']) => boolean): Taken[] =>
  taken.filter(({ accepted, body }) => accepted === true && fits(body));

async function arrived(fits: (call: Taken) => boolean): Promise<Taken> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = taken.find(fits);
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`it took only: ${JSON.stringify(taken)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const accepted = (fits: (body: Taken['body']) => boolean): Promise<Taken> =>
  arrived((call) => call.accepted === true && fits(call.body));

const saying =
  (words: string) =>
  (body: Taken['body']): boolean =>
    (body['text'] as { body?: string } | undefined)?.body === words;

test('the login looks the number up there', async () => {
  const { accessToken } = graph.manifest;
  const said = await house.bridge.command(
    ['login', 'whatsapp', '--answers', '-'],
    loginAnswers({ ...house.secrets, accessToken }),
  );
  expect(said).toContain('Crabline Test Bot');
});

test('a text with marks arrives in the form that WhatsApp has for it, once, for the right person', async () => {
  await house.whatsapp.citizen({ phone, name: 'Erika' });
  await house.whatsapp.writeText(phone, 'Is the office open?');
  opened = await ana.waitForEvent(({ content }) => content['body'] === 'Is the office open?', {
    what: 'the question',
    timeoutMs: 30_000,
  });
  await ana.sendText(opened.room_id, 'Open until *six*', {
    format: 'org.matrix.custom.html',
    formatted_body: 'Open until <strong>six</strong>',
  });
  const { body } = await accepted(saying('Open until *six*'));
  expect(body).toMatchObject({ messaging_product: 'whatsapp', to: phone, type: 'text' });
  expect(acceptedWith(saying('Open until *six*'))).toHaveLength(1);
});

test('a reply names the message that it answers, and a read mark names it too', async () => {
  await ana.sendReply(opened.room_id, opened.event_id, 'Yes, it is');
  const { body } = await accepted(saying('Yes, it is'));
  expect((body['context'] as { message_id: string }).message_id).toMatch(/^wamid\./);
  await ana.markRead(opened.room_id, opened.event_id);
  // That server takes marks only of messages that came through itself.
  const mark = await arrived(({ body: mark }) => mark['status'] === 'read');
  expect(mark.body['message_id']).toBe((body['context'] as { message_id: string }).message_id);
});
