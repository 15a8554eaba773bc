/** Either side is away for a while, or says the same thing twice: nothing is lost, nothing doubled, the order stays. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { BridgeProcess } from '../peers/bridge/bridge-process.ts';
import { saying, Scene } from '../peers/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
}, 300_000);

afterAll(async () => {
  await scene.close();
}, 60_000);

const tokens = (): { as_token: string; hs_token: string } =>
  parse(readFileSync(scene.house.bridge.registrationFile, 'utf8')) as { as_token: string; hs_token: string };

async function putTransaction(number: string, body: unknown): Promise<number> {
  const { appservicePort } = scene.house.secrets;
  const answer = await fetch(`http://127.0.0.1:${appservicePort}/_matrix/app/v1/transactions/${number}`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${tokens().hs_token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  await answer.text();
  return answer.status;
}

const bodiesAtPhone = async (start: string): Promise<string[]> =>
  (await scene.house.whatsapp.everything()).flatMap((entry) => {
    const body = entry.kind === 'business-message' ? (entry.content as { body?: string }).body : undefined;
    return body?.startsWith(start) === true ? [body] : [];
  });

test('what both sides wrote while the bridge was down arrives afterwards, once and in order', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('before the bridge went down');
  await house.bridge.stop();
  const asked = Array.from({ length: 5 }, (_, index) => `asked ${index}`);
  const answered = Array.from({ length: 5 }, (_, index) => `answered ${index}`);
  for (const text of asked) await house.whatsapp.writeText(phone, text);
  for (const text of answered) await ana.sendText(room, text);
  await house.bridge.start();
  await house.whatsapp.retryNow();
  await scene.arrivesInRoom('asked 4');
  await scene.arrivesAtPhone('answered 4');
  await scene.settled();
  const said = ana.said(room).map(({ content }) => String(content['body']));
  expect(said.filter((body) => body.startsWith('asked '))).toEqual(asked);
  expect(await bodiesAtPhone('answered ')).toEqual(answered);
});

test('a stop under load ends well however often it comes, and what was left is finished after the next start', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('before many stops');
  const [asked, answered]: [string[], string[]] = [[], []];
  for (let stop = 0; stop < 5; stop += 1) {
    for (let message = 0; message < 6; message += 1) {
      await house.whatsapp.writeText(phone, `stop ${stop} asked ${message}`);
      await ana.sendText(room, `stop ${stop} answered ${message}`);
      asked.push(`stop ${stop} asked ${message}`);
      answered.push(`stop ${stop} answered ${message}`);
    }
    // Rejects when the bridge does not end by itself, or not with exit code 0: what takes longer than 10 s ends with 1.
    await house.bridge.stop();
    await house.bridge.start({ untilConnected: stop % 2 === 0 });
    await house.whatsapp.retryNow();
  }
  await scene.arrivesInRoom('stop 4 asked 5');
  await scene.arrivesAtPhone('stop 4 answered 5');
  await scene.settled();
  const said = ana.said(room).map(({ content }) => String(content['body']));
  expect(said.filter((body) => /^stop \d asked/.test(body))).toEqual(asked);
  expect(await bodiesAtPhone('stop ')).toEqual(answered);
});

test('what a citizen wrote while the homeserver was down arrives afterwards, once and in order', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('before the homeserver went down');
  await house.synapse.stop();
  const asked = Array.from({ length: 5 }, (_, index) => `waiting ${index}`);
  for (const text of asked) await house.whatsapp.writeText(phone, text);
  expect(await house.whatsapp.idle()).toBe(true);
  await house.synapse.start();
  await scene.arrivesInRoom('waiting 4');
  await scene.settled();
  expect(
    ana
      .said(room)
      .map(({ content }) => String(content['body']))
      .filter((body) => body.startsWith('waiting ')),
  ).toEqual(asked);
});

test('a transaction that comes again, also under a new number or with old and new events mixed, is taken once', async () => {
  const { ana } = scene;
  const { room } = await scene.openChat('tell me once');
  const event = await ana.sendText(room, 'told once');
  await scene.arrivesAtPhone('told once');
  const raw = await ana.call('GET', `/rooms/${encodeURIComponent(room)}/event/${encodeURIComponent(event)}`);
  for (const number of ['1', '1', '4711', 'x-y'])
    expect(await putTransaction(number, { events: [raw], ephemeral: [] })).toBe(200);
  await ana.sendText(room, 'told after it');
  await scene.arrivesAtPhone('told after it');
  await scene.settled();
  expect(await scene.reachedPhone('told once')).toHaveLength(1);
});

test('an event that the homeserver believes delivered, and that never came, is found in the room and sent', async () => {
  const { ana, house } = scene;
  const { room } = await scene.openChat('can you hear me?');
  await house.bridge.stop();
  let swallowed = 0;
  const nobody = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.url?.includes('/transactions/') === true) swallowed += 1;
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => nobody.listen(house.secrets.appservicePort, '127.0.0.1', resolve));
  for (const number of [0, 1, 2]) await ana.sendText(room, `swallowed ${number}`);
  await ana.call('PUT', `/rooms/${encodeURIComponent(room)}/typing/${encodeURIComponent(ana.userId)}`, {
    typing: false,
  });
  const deadline = Date.now() + 60_000;
  while (swallowed < 1 && Date.now() < deadline) {
    // The homeserver pauses after a failure; a ping ends that, as it does for the bridge.
    await fetch(`${house.synapse.url}/_matrix/client/v1/appservice/chancery/ping`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${tokens().as_token}` },
      body: '{}',
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  nobody.closeAllConnections();
  await new Promise((resolve) => nobody.close(resolve));
  expect(swallowed).toBeGreaterThan(0);
  await house.bridge.start();
  await scene.arrivesAtPhone('swallowed 2');
  await scene.settled();
  expect(await bodiesAtPhone('swallowed ')).toEqual(['swallowed 0', 'swallowed 1', 'swallowed 2']);
  expect(house.bridge.log()).toContain('events that the homeserver had not delivered were taken in');
});

test('a second start on the same data is refused with exit code and reason, and the first runs on', async () => {
  const { house } = scene;
  const second = new BridgeProcess({
    directory: house.bridge.directory,
    config: parse(readFileSync(house.bridge.configFile, 'utf8')) as Record<string, unknown>,
  });
  await expect(second.start()).rejects.toThrow(/CH-DATABASE-IN-USE/);
  await scene.openChat('still there?');
});

test('a stop finishes what is in hand, and ends with exit code 0', async () => {
  const { ana, house } = scene;
  const { phone, room } = await scene.openChat('last words');
  await house.whatsapp.misbehave({ fault: 'graph-slow', ms: 1_000 });
  await ana.sendText(room, 'slow but whole');
  await house.whatsapp.waitFor(({ kind }) => kind === 'fault-fired', { what: 'the slow call', timeoutMs: 20_000 });
  await house.bridge.stop();
  expect(await scene.reachedPhone('slow but whole')).toHaveLength(1);
  await house.bridge.start();
  await house.whatsapp.writeText(phone, 'after the restart');
  await scene.arrivesInRoom('after the restart');
  await scene.settled();
  expect(await scene.reachedPhone('slow but whole')).toHaveLength(1);
  expect(ana.said(room).filter(saying('after the restart'))).toHaveLength(1);
});
