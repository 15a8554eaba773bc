/** A client that was not written here speaks to the simulated WhatsApp as it speaks to Meta. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WhatsAppAPI } from 'whatsapp-api-js';
import { Image, Reaction, Text } from 'whatsapp-api-js/messages';
import type { GetParams, PostData, ServerMessage } from 'whatsapp-api-js/types';
import type { EntryOf } from '../../peers/whatsapp-cloud/log-entry.ts';
import { SimulatedWhatsApp } from '../../peers/whatsapp-cloud/simulated-whatsapp.ts';
import { account, ada, appSecret, testOptions } from '../../peers/whatsapp-cloud/test-account.ts';
import { type ReceivedWebhook, WebhookReceiver } from '../../peers/whatsapp-cloud/webhook-receiver.ts';

const verifyToken = 'let me in';
const number = account.phoneNumberId;
const recipient = { phone: ada, bsuid: 'US.13491208655302741918' };
const whatsapp = new SimulatedWhatsApp(testOptions);
const receiver = new WebhookReceiver(verifyToken);
let client: WhatsAppAPI;

beforeAll(async () => {
  const base = await whatsapp.start();
  await whatsapp.setWebhookUrl(await receiver.start());
  client = new WhatsAppAPI({
    token: account.accessToken,
    appSecret,
    webhookVerifyToken: verifyToken,
    v: 'v23.0',
    ponyfill: {
      fetch: async (address: string | URL | Request, init?: RequestInit) => {
        const target = address instanceof Request ? address.url : String(address);
        return await fetch(target.replace('https://graph.facebook.com', base), init);
      },
      subtle: crypto.subtle,
    },
  });
  await whatsapp.citizen({ phone: ada, userId: recipient.bsuid, name: 'Ada Çelik' });
});

afterAll(async () => {
  await whatsapp.stop();
  await receiver.stop();
});

const sentId = (answer: object): string => {
  if (!('messages' in answer) || !Array.isArray(answer.messages)) throw new Error(JSON.stringify(answer));
  return String((answer.messages as { id: string }[])[0]?.id);
};

const carries = (webhook: ReceivedWebhook, id: string): boolean =>
  webhook.raw.toString().includes(JSON.stringify(id).replaceAll('/', '\\/'));

const businessMessage = async (id: string): Promise<EntryOf<'business-message'>> =>
  await whatsapp.waitForKind('business-message', (entry) => entry.messageId === id, {
    timeoutMs: 2_000,
    what: `the message ${id}`,
  });

test('it sends a text, a reply and a reaction, and the citizen sees them', async () => {
  const { messageId } = await whatsapp.writeText(ada, 'Where do I register?');
  const text = sentId(await client.sendMessage(number, recipient, new Text('At the town hall.'), undefined, 'note-1'));
  const reply = sentId(await client.sendMessage(number, recipient, new Text('Room 4.'), messageId));
  sentId(await client.sendMessage(number, recipient, new Reaction(messageId, '👍')));
  expect(await businessMessage(text)).toMatchObject({ content: { body: 'At the town hall.' }, callbackData: 'note-1' });
  const { messages } = await whatsapp.chat(ada);
  expect(messages[0]?.reactions).toEqual({ business: '👍' });
  expect(messages.find(({ id }) => id === reply)?.replyTo).toMatchObject({
    id: messageId,
    text: 'Where do I register?',
  });
});

test('it uploads an image, sends it by id and fetches the same bytes again', async () => {
  await whatsapp.writeText(ada, 'Show me');
  const bytes = new Uint8Array(70_000).map((_, index) => (index * 31) % 251);
  const form = new FormData();
  form.set('file', new Blob([bytes], { type: 'image/jpeg' }), 'hall.jpg');
  form.set('type', 'image/jpeg');
  const uploaded = await client.uploadMedia(number, form);
  if (!('id' in uploaded)) throw new Error(JSON.stringify(uploaded));
  const id = sentId(await client.sendMessage(number, recipient, new Image(uploaded.id, true, 'The hall')));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect((await businessMessage(id)).media).toMatchObject({ sha256, bytes: 70_000, mime: 'image/jpeg' });
  const media = await client.retrieveMedia(uploaded.id, number);
  if (!('url' in media)) throw new Error(JSON.stringify(media));
  expect(media).toMatchObject({ sha256, file_size: 70_000 });
  const fetched = await client.fetchMedia(media.url);
  expect(Buffer.from(await fetched.arrayBuffer()).equals(bytes)).toBe(true);
});

test('it marks a message as read and shows that it types', async () => {
  const { messageId } = await whatsapp.writeText(ada, 'Are you there?');
  expect(await client.markAsRead(number, messageId, 'text')).toEqual({ success: true });
  const found = { timeoutMs: 2_000, what: 'the typing' };
  await whatsapp.waitFor((entry) => entry.kind === 'typing' && entry.messageId === messageId, found);
  const chat = await whatsapp.chat(ada);
  expect(chat.typing).toBe(true);
  expect(chat.messages.at(-1)?.readByBusiness).toBe(true);
});

test('it finds the signature right and reads the words, however foreign they are', async () => {
  const words = 'Grüße aus Łódź 👩‍👩‍👧 a/b <ok>';
  const { messageId } = await whatsapp.writeText(ada, words);
  const webhook = await receiver.waitFor((candidate) => carries(candidate, messageId));
  const raw = webhook.raw.toString('utf8');
  expect(raw).toMatch(/^[ -~]*$/);
  expect(raw).toContain('\\u00fc');
  expect(await client.verifyRequestSignature(raw, webhook.signature ?? '')).toBe(true);
  expect(await client.verifyRequestSignature(`${raw} `, webhook.signature ?? '')).toBe(false);
  const heard: ServerMessage[] = [];
  const names: (string | undefined)[] = [];
  client.on.message = ({ message, contact }) => {
    heard.push(message);
    names.push(contact.profile?.name);
  };
  await client.post(webhook.body as PostData, raw, webhook.signature ?? '');
  expect(heard).toMatchObject([{ id: messageId, type: 'text', text: { body: words } }]);
  expect(names).toEqual(['Ada Çelik']);
});

test('it reads the statuses, in order and with what was sent along', async () => {
  await whatsapp.writeText(ada, 'Tell me');
  const id = sentId(await client.sendMessage(number, recipient, new Text('Told.'), undefined, 'note/7'));
  await receiver.waitFor((webhook) => carries(webhook, id) && webhook.raw.includes('"delivered"'));
  await whatsapp.read(ada);
  await receiver.waitFor((webhook) => carries(webhook, id) && webhook.raw.includes('"read"'));
  const heard: string[] = [];
  client.on.status = ({ status, contact, biz_opaque_callback_data: data }) => {
    heard.push(`${status} ${String(contact.wa_id)} ${String(data)}`);
  };
  for (const { body, raw, signature } of receiver.received.filter((webhook) => carries(webhook, id)))
    await client.post(body as PostData, raw.toString('utf8'), signature ?? '');
  expect(heard).toEqual([`sent ${ada} note/7`, `delivered ${ada} note/7`, `read ${ada} note/7`]);
});

test('it answers the verification as the receiver does', async () => {
  const asked = { 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': '42' } satisfies GetParams;
  expect(client.get(asked)).toBe('42');
  expect(await whatsapp.verifyWebhook({ verifyToken, challenge: '42' })).toEqual({
    status: 200,
    body: '42',
    verified: true,
  });
  expect(await whatsapp.verifyWebhook({ verifyToken: 'guess' })).toMatchObject({ status: 403, verified: false });
});
