/** What Meta published is what the simulated WhatsApp takes and makes. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SimulatedWhatsApp } from '../../peers/whatsapp-cloud/simulated-whatsapp.ts';
import { account, ada, graph, testOptions } from '../../peers/whatsapp-cloud/test-account.ts';
import { type ReceivedWebhook, WebhookReceiver } from '../../peers/whatsapp-cloud/webhook-receiver.ts';

const folder = fileURLToPath(new URL('../../../../shared/fixtures/whatsapp-cloud/', import.meta.url));
const present = existsSync(folder);
if (!present)
  console.warn('The published examples (../shared/fixtures beside the repository) are absent: tests skipped');
const promised = present ? test : test.skip;

const whatsapp = new SimulatedWhatsApp(testOptions);
const receiver = new WebhookReceiver('unused');
let base = '';
let known = '';
const mediaIds = new Map<string, string>();

beforeAll(async () => {
  base = await whatsapp.start();
  await whatsapp.setWebhookUrl(await receiver.start());
  for (const phone of [ada, '16315555555']) await whatsapp.citizen({ phone, name: 'Sheena Nelson' });
  known = (await whatsapp.writeText(ada, 'Hello')).messageId;
  await whatsapp.writeText('16315555555', 'Hello');
  for (const [type, mime] of [
    ['image', 'image/jpeg'],
    ['audio', 'audio/ogg'],
    ['sticker', 'image/webp'],
  ] as const)
    mediaIds.set(type, await upload(mime));
});

afterAll(async () => {
  await whatsapp.stop();
  await receiver.stop();
});

async function upload(mime: string): Promise<string> {
  const form = new FormData();
  form.set('messaging_product', 'whatsapp');
  form.set('type', mime);
  form.set('file', new Blob(['some bytes'], { type: mime }));
  const headers = { authorization: `Bearer ${account.accessToken}` };
  const answer = await fetch(`${base}/v23.0/${account.phoneNumberId}/media`, { method: 'POST', body: form, headers });
  return ((await answer.json()) as { id: string }).id;
}

interface Example {
  readonly value: Record<string, unknown>;
}

const examples = (name: string): Record<string, Example> =>
  present ? (JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Record<string, Example>) : {};

/** Puts plausible values where the example leaves a place for them. */
function filled(value: unknown, key: string, type: string): unknown {
  if (Array.isArray(value)) return value.map((each) => filled(each, key, type));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each, name, type)]));
  if (typeof value !== 'string') return value;
  if (key === 'to' && value.includes('{{')) return ada;
  if (key === 'message_id') return known;
  if (key === 'link') return value.replace(/^<?http\(s\):\/\/([^>]*)>?$/, 'https://$1');
  if (key === 'id' && value.includes('OBJECT_ID')) return mediaIds.get(type);
  return value.replace(/\{\{(.*)\}\}|<(.*)>/, '$1$2');
}

const absent: [string, Example] = ['of every kind', { value: {} }];
const sends = present ? Object.entries(examples('send.json')) : [absent];

promised.each(sends)('the published example "%s" is accepted', async (_name, { value }) => {
  const body = filled(value, '', String(value['type'])) as object;
  const answer = await graph(base, `${account.phoneNumberId}/messages`, body);
  expect(answer).toMatchObject(
    'status' in value
      ? { status: 200, body: { success: true } }
      : {
          status: 200,
          body: {
            messaging_product: 'whatsapp',
            contacts: [{}],
            messages: [{ id: expect.stringMatching(/^wamid\./) }],
          },
        },
  );
});

/** Keys and the kinds of their values, without the values. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  const pairs = Object.entries(value).map(([key, each]) => [key, shapeOf(each)] as const);
  return Object.fromEntries(pairs.sort(([one], [other]) => (one < other ? -1 : 1)));
}

const about = (id: string) => (webhook: ReceivedWebhook) => JSON.stringify(webhook.body).includes(`"id":"${id}"`);

promised('a text has exactly the keys of the published webhook', async () => {
  const { messageId } = await whatsapp.writeText(ada, 'Does it come in another color?');
  const { body } = await receiver.waitFor(about(messageId));
  expect(shapeOf(body)).toEqual(shapeOf(examples('webhooks.json')['Text Message']?.value));
});

promised('an image has exactly the keys of the published webhook', async () => {
  const source = { size: 5_000, seed: 3 };
  const { messageId, media } = await whatsapp.sendMedia(ada, { kind: 'image', caption: 'Taj Mahal', source });
  const { body } = await receiver.waitFor(about(messageId));
  expect(shapeOf(body)).toEqual(shapeOf(examples('webhooks.json')['Image Message']?.value));
  expect(JSON.stringify(body)).toContain(Buffer.from(media.sha256, 'hex').toString('base64'));
});

promised('a reaction has exactly the keys of the published webhook', async () => {
  const { messageId } = await whatsapp.react(ada, known, '👍');
  const { body } = await receiver.waitFor(about(messageId));
  expect(shapeOf(body)).toEqual(shapeOf(examples('webhooks.json')['Reaction Message']?.value));
});

promised('an unsupported message and a changed number have exactly the keys of the published webhooks', async () => {
  const unsupported = await whatsapp.sendOther(ada, { type: 'unsupported', content: null });
  const first = await receiver.waitFor(about(unsupported.messageId));
  expect(shapeOf(first.body)).toEqual(shapeOf(examples('webhooks.json')['Unsupported Message']?.value));
  const changed = await whatsapp.changeNumber(ada, '12195555358');
  const second = await receiver.waitFor(about(changed.messageId));
  expect(shapeOf(second.body)).toEqual(shapeOf(examples('webhooks.json')['System Message']?.value));
});
