/** The simulated WhatsApp keeps WhatsApp's rules, misbehaves when asked, and its log tells what really happened. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { EntryOf, LogEntry, LogKind } from '../../peers/whatsapp-cloud/log-entry.ts';
import { SimulatedWhatsApp } from '../../peers/whatsapp-cloud/simulated-whatsapp.ts';
import { account, ada, appSecret, graph, testOptions, textTo } from '../../peers/whatsapp-cloud/test-account.ts';
import { WebhookReceiver } from '../../peers/whatsapp-cloud/webhook-receiver.ts';

const messages = `${account.phoneNumberId}/messages`;
const whatsapp = new SimulatedWhatsApp(testOptions);
let receiver: WebhookReceiver;
let base: string;

beforeAll(async () => {
  base = await whatsapp.start();
});

afterAll(async () => {
  await whatsapp.stop();
});

beforeEach(async () => {
  await whatsapp.reset();
  receiver = new WebhookReceiver('token');
  await whatsapp.setWebhookUrl(await receiver.start());
  await whatsapp.citizen({ phone: ada, name: 'Ada' });
});

afterEach(async () => {
  await receiver.stop();
});

const entries = async <K extends LogKind>(kind: K): Promise<EntryOf<K>[]> =>
  (await whatsapp.everything()).filter((entry): entry is EntryOf<K> => entry.kind === kind);

const seen = async (what: string, fits: (entry: LogEntry) => boolean): Promise<LogEntry> =>
  await whatsapp.waitFor(fits, { timeoutMs: 3_000, what });

const send = async (body = 'Hello', to = ada): Promise<{ status: number; body: unknown }> =>
  await graph(base, messages, textTo(to, body));

test('a webhook that is to arrive twice arrives twice, and the log says so', async () => {
  await whatsapp.misbehave({ fault: 'webhook-duplicate' });
  const { messageId } = await whatsapp.writeText(ada, 'once');
  await seen('the copy', (entry) => entry.kind === 'webhook-delivered' && entry.duplicate);
  expect(receiver.received).toHaveLength(2);
  expect(receiver.received[0]?.raw.equals(receiver.received[1]?.raw ?? Buffer.alloc(0))).toBe(true);
  expect(await entries('webhook-delivered')).toMatchObject([
    { delivery: 1, duplicate: false, about: [messageId] },
    { delivery: 1, duplicate: true, about: [messageId] },
  ]);
});

test('a wrongly signed webhook that is refused comes again with the right signature', async () => {
  receiver.nextAnswers.push(401);
  await whatsapp.misbehave({ fault: 'webhook-wrong-signature' });
  await whatsapp.writeText(ada, 'forged');
  await seen('the second attempt', (entry) => entry.kind === 'webhook-delivered');
  expect(await entries('webhook-failed')).toMatchObject([
    { signature: 'wrong', httpStatus: 401, attempt: 1, retryInMs: 20 },
  ]);
  expect(await entries('webhook-delivered')).toMatchObject([{ signature: 'right', attempt: 2 }]);
  expect(new Set(receiver.received.map(({ signature }) => signature)).size).toBe(2);
});

test('what is posted raw arrives byte for byte, signed, wrongly signed or not signed at all', async () => {
  const text = '{"object":"whatsapp_business_account","entry":[] , "x":"é"}';
  for (const signature of ['right', 'wrong', 'missing'] as const)
    expect(await whatsapp.postRaw({ content: { text }, signature })).toMatchObject({ httpStatus: 200 });
  expect(receiver.received.map(({ raw }) => raw.toString('utf8'))).toEqual([text, text, text]);
  const [right, wrong, missing] = receiver.received.map(({ signature }) => signature);
  expect(right).toMatch(/^sha256=[0-9a-f]{64}$/);
  expect(wrong).not.toBe(right);
  expect(missing).toBeUndefined();
});

test('webhooks wait for a listener, are sent again with growing delays until 200, and keep their order', async () => {
  await whatsapp.setWebhookUrl(null);
  for (const word of ['one', 'two', 'three']) await whatsapp.writeText(ada, word);
  receiver.nextAnswers.push(500, 503, 200);
  await whatsapp.setWebhookUrl(receiver.url);
  expect(await whatsapp.idle()).toBe(true);
  expect((await entries('webhook-failed')).map(({ retryInMs }) => retryInMs)).toEqual([20, 40]);
  const words = receiver.received.map(({ raw }) => /"body":"(\w+)"/.exec(raw.toString())?.[1]);
  expect(words).toEqual(['one', 'one', 'one', 'two', 'three']);
});

test('a reordered webhook lets the next one overtake it', async () => {
  await whatsapp.misbehave({ fault: 'webhook-reorder' });
  await whatsapp.writeText(ada, 'first');
  await whatsapp.writeText(ada, 'second');
  expect(await whatsapp.idle()).toBe(true);
  const words = receiver.received.map(({ raw }) => /"body":"(\w+)"/.exec(raw.toString())?.[1]);
  expect(words).toEqual(['second', 'first']);
});

test.each(['messages', 'changes', 'entries'] as const)('several %s can share one webhook', async (style) => {
  await whatsapp.change({ batching: { style, max: 3, windowMs: 1_000 } });
  for (const word of ['a', 'b', 'c']) await whatsapp.writeText(ada, word);
  expect(await whatsapp.idle()).toBe(true);
  expect(receiver.received).toHaveLength(1);
  expect(
    receiver.received[0]?.raw
      .toString()
      .split(`"${style === 'messages' ? 'body' : style === 'changes' ? 'field' : 'changes'}"`),
  ).toHaveLength(4);
});

test('outside the 24 hours free text is accepted and then reported as failed, and the citizen sees nothing', async () => {
  await whatsapp.writeText(ada, 'hi');
  expect(await send()).toMatchObject({ status: 200 });
  await whatsapp.advanceClock(24 * 3_600_000);
  expect(await send('too late')).toMatchObject({ status: 200 });
  await seen('the failure', (entry) => entry.kind === 'status' && entry.errorCode === 131047);
  expect((await whatsapp.chat(ada)).messages.map(({ text }) => text)).toEqual(['hi', 'Hello']);
  expect(await whatsapp.idle()).toBe(true);
  const told = receiver.received.map(({ raw }) => raw.toString()).filter((body) => body.includes('"failed"'));
  expect(told).toEqual([expect.stringContaining('"code":131047')]);
});

test('the window and an unreachable number can be told in the answer instead', async () => {
  await whatsapp.change({ refusals: 'reject' });
  expect(await send()).toMatchObject({
    status: 400,
    body: { error: { code: 131047, type: 'OAuthException', error_data: { messaging_product: 'whatsapp' } } },
  });
  await whatsapp.writeText(ada, 'hi');
  await whatsapp.citizen({ phone: ada, undeliverable: true });
  expect(await send()).toMatchObject({ status: 400, body: { error: { code: 131026 } } });
  expect(await entries('business-message')).toEqual([]);
});

test('the limits per person and per second are kept when they are switched on', async () => {
  await whatsapp.writeText(ada, 'hi');
  await whatsapp.change({ pairLimitMs: 6_000 });
  expect((await send()).status).toBe(200);
  expect(await send()).toMatchObject({ status: 429, body: { error: { code: 131056 } } });
  await whatsapp.advanceClock(6_000);
  expect((await send()).status).toBe(200);
  await whatsapp.change({ pairLimitMs: null, throughputPerSecond: 2 });
  const codes = await Promise.all([send(), send(), send()]);
  expect(codes.map(({ status }) => status).sort()).toEqual([200, 200, 429]);
});

test('a media url works for its time, then is not found, and a new one can be asked for', async () => {
  const { media } = await whatsapp.sendMedia(ada, {
    kind: 'document',
    filename: 'a.pdf',
    source: { size: 300_000, seed: 7 },
  });
  const headers = { authorization: `Bearer ${account.accessToken}` };
  const ask = async (): Promise<string> => ((await graph(base, media.id)).body as { url: string }).url;
  const url = await ask();
  const first = await fetch(url, { headers });
  expect((await first.arrayBuffer()).byteLength).toBe(300_000);
  expect((await fetch(url)).status).toBe(401);
  await whatsapp.advanceClock(5 * 60_000);
  expect((await fetch(url, { headers })).status).toBe(404);
  expect((await fetch(await ask(), { headers })).status).toBe(200);
  await whatsapp.misbehave({ fault: 'media-wrong-bytes' });
  const wrong = Buffer.from(await (await fetch(await ask(), { headers })).arrayBuffer());
  expect(wrong.equals(await whatsapp.mediaBytes(media.id))).toBe(false);
});

test('a connection cut after the send was accepted leaves the message sent, and the log tells both', async () => {
  await whatsapp.writeText(ada, 'hi');
  await whatsapp.misbehave({ fault: 'graph-cut-after-accept' });
  await expect(send('was it sent?')).rejects.toThrow();
  const [sent] = await entries('business-message');
  const [cut] = await entries('connection-cut');
  expect(cut).toMatchObject({ stage: 'after-accept', messageId: sent?.messageId });
  expect((await whatsapp.chat(ada)).messages.map(({ text }) => text)).toEqual(['hi', 'was it sent?']);
});

test('a refused connection sends nothing', async () => {
  await whatsapp.writeText(ada, 'hi');
  await whatsapp.misbehave({ fault: 'graph-refuse' });
  await expect(send()).rejects.toThrow();
  expect(await entries('connection-cut')).toMatchObject([{ stage: 'before-accept' }]);
  expect(await entries('business-message')).toEqual([]);
});

test('Graph can fail with JSON, with HTML and with a rate limit, as often as asked and no more', async () => {
  await whatsapp.writeText(ada, 'hi');
  await whatsapp.misbehave({ fault: 'graph-5xx', status: 503 });
  expect(await send()).toMatchObject({ status: 503, body: { error: { code: 131000 } } });
  await whatsapp.misbehave({ fault: 'graph-5xx', body: 'html' });
  expect((await send()).body).toMatch(/^<!DOCTYPE html>/);
  await whatsapp.misbehave({ fault: 'graph-rate-limited', code: 80007, times: 2 });
  for (const status of [429, 429, 200]) expect((await send()).status).toBe(status);
  expect((await entries('graph-error')).map(({ code }) => code)).toEqual([131000, null, 80007, 80007]);
});

test('what Meta would not take is refused with its code, and the words name the parameter', async () => {
  await whatsapp.writeText(ada, 'hi');
  expect(await graph(base, messages, textTo(ada, 'x'), 'wrong')).toMatchObject({
    status: 401,
    body: { error: { code: 190, type: 'OAuthException' } },
  });
  const refused = async (body: object): Promise<unknown> => (await graph(base, messages, body)).body;
  const message = textTo(ada, 'x');
  expect(await refused(textTo(ada, ''))).toMatchObject({
    error: { code: 100, message: expect.stringContaining("text['body']") },
  });
  expect(await refused(textTo(ada, 'x'.repeat(4_097)))).toMatchObject({ error: { code: 100 } });
  expect(await refused({ ...message, type: 'poll' })).toMatchObject({
    error: { message: expect.stringContaining('Param type must be one of') },
  });
  expect(await refused({ ...message, biz_opaque_callback_data: 'x'.repeat(513) })).toMatchObject({
    error: { code: 100 },
  });
  expect(await refused({ ...message, context: { message_id: 'wamid.nobody' } })).toMatchObject({
    error: { code: 131009 },
  });
  expect(await refused({ ...message, messaging_product: 'sms' })).toMatchObject({ error: { code: 100 } });
  expect(await graph(base, '999/messages', message)).toMatchObject({
    status: 400,
    body: { error: { error_subcode: 33 } },
  });
});

test('an upload that is too large or of a foreign type is refused and leaves nothing', async () => {
  const upload = async (mime: string, size: number): Promise<unknown> => {
    const form = new FormData();
    form.set('messaging_product', 'whatsapp');
    form.set('file', new Blob([new Uint8Array(size)], { type: mime }), 'file');
    const headers = { authorization: `Bearer ${account.accessToken}` };
    return await (
      await fetch(`${base}/v23.0/${account.phoneNumberId}/media`, { method: 'POST', body: form, headers })
    ).json();
  };
  expect(await upload('image/png', 5 * 1024 * 1024 + 1)).toMatchObject({ error: { code: 100 } });
  expect(await upload('application/zip', 10)).toMatchObject({
    error: { message: expect.stringContaining('application/zip') },
  });
  expect(await entries('media-upload')).toEqual([]);
  expect(await upload('image/png', 5 * 1024 * 1024)).toEqual({ id: expect.any(String) });
});

test('a citizen without a phone number is known by the user id alone, in messages and in statuses', async () => {
  const userId = 'US.13491208655302741918';
  await whatsapp.citizen({ userId, name: 'Bo', username: 'bo.b' });
  await whatsapp.writeText(userId, 'hello');
  const body = { messaging_product: 'whatsapp', recipient: userId, type: 'text', text: { body: 'hi Bo' } };
  const answer = await graph(base, messages, body);
  expect(answer).toMatchObject({ status: 200, body: { contacts: [{ input: userId, user_id: userId }] } });
  expect(await whatsapp.idle()).toBe(true);
  const values = receiver.received.map((webhook) => JSON.stringify(webhook.body));
  expect(values).toHaveLength(3);
  expect(values.join()).not.toMatch(/wa_id|recipient_id|"from"/);
  expect(receiver.received[0]?.body).toMatchObject({
    entry: [
      {
        changes: [
          {
            value: {
              contacts: [{ profile: { username: 'bo.b' }, user_id: userId }],
              messages: [{ from_user_id: userId }],
            },
          },
        ],
      },
    ],
  });
});

test('a reply, a forward, a reaction and its removal are told as WhatsApp tells them', async () => {
  const first = await whatsapp.writeText(ada, 'look', { forwarded: true });
  const reply = await whatsapp.writeText(ada, 'again', { replyTo: first.messageId });
  await whatsapp.react(ada, first.messageId, '❤️');
  await whatsapp.react(ada, first.messageId, null);
  expect(await whatsapp.idle()).toBe(true);
  const told = receiver.received.map(
    ({ body }) =>
      (body as { entry: [{ changes: [{ value: { messages: [object] } }] }] }).entry[0].changes[0].value.messages[0],
  );
  expect(told[0]).toMatchObject({ context: { forwarded: true } });
  expect(told[1]).toMatchObject({ id: reply.messageId, context: { from: ada, id: first.messageId } });
  expect(told[2]).toMatchObject({ reaction: { message_id: first.messageId, emoji: '❤️' } });
  expect(told[3]).toMatchObject({ reaction: { message_id: first.messageId } });
  expect(told[3]).not.toHaveProperty('reaction.emoji');
  expect((await whatsapp.chat(ada)).messages[0]?.reactions).toEqual({});
});

test('a reset forgets everything that was', async () => {
  await whatsapp.writeText(ada, 'hi');
  await whatsapp.change({ window: false });
  await whatsapp.reset();
  expect(await whatsapp.everything()).toEqual([]);
  await expect(whatsapp.chat(ada)).rejects.toThrow('There is no citizen');
  expect((await whatsapp.change({})).window).toBe(true);
});

test('a form that is broken or a body that is too large is answered, not cut off', async () => {
  const headers = { authorization: `Bearer ${account.accessToken}`, 'content-type': 'multipart/form-data; boundary=x' };
  const form = `--x\r\ncontent-disposition: form-data; name="type"\r\n\r\n${'y'.repeat(3_000_000)}\r\n--x--`;
  const path = `${base}/v23.0/${account.phoneNumberId}`;
  const broken = await fetch(`${path}/media`, { method: 'POST', headers, body: form });
  expect(await broken.json()).toMatchObject({
    error: { code: 100, message: expect.stringContaining('type is too long') },
  });
  const large = await fetch(`${path}/messages`, { method: 'POST', headers, body: 'x'.repeat(3_000_000) });
  expect(await large.json()).toMatchObject({ error: { code: 100 } });
});

test('waiting in vain names what was awaited and the last entries seen', async () => {
  await whatsapp.writeText(ada, 'hi');
  const waiting = whatsapp.waitFor(() => false, { timeoutMs: 50, what: 'a miracle' });
  await expect(waiting).rejects.toThrow(/50 ms in vain for a miracle[^]*citizen-message/);
});

test('each number has its own token and its own webhook address and secret when it is given them', async () => {
  const other = { ...account, phoneNumberId: '200', accessToken: 'other-token', appSecret: `${appSecret}2` };
  const two = new SimulatedWhatsApp({ ...testOptions, accounts: [account, other], webhookUrl: receiver.url });
  const otherReceiver = new WebhookReceiver('token');
  try {
    const url = await two.start();
    await two.setWebhookUrl(await otherReceiver.start(), '200');
    await two.citizen({ phone: ada });
    await two.writeText(ada, 'to the first');
    await two.writeText(ada, 'to the second', { account: '200' });
    expect(await two.idle()).toBe(true);
    expect([receiver, otherReceiver].map(({ received }) => received.length)).toEqual([1, 1]);
    expect(await graph(url, '200/messages', textTo(ada, 'x'))).toMatchObject({ status: 400 });
    expect(await graph(url, '200/messages', textTo(ada, 'x'), 'other-token')).toMatchObject({ status: 200 });
  } finally {
    await two.stop();
    await otherReceiver.stop();
  }
});
