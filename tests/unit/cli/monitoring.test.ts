/** What those get who ask how the bridge is, however often they ask. */
import { afterEach, expect, jest, test } from '@jest/globals';
import { createLog } from '../../../src/base/logging.ts';
import { Metrics } from '../../../src/base/metrics.ts';
import { Monitoring, type MonitoringOptions } from '../../../src/cli/monitoring.ts';

let monitoring: Monitoring | undefined;

afterEach(async () => {
  jest.restoreAllMocks();
  await monitoring?.stop();
  monitoring = undefined;
});

async function open(
  more: Partial<MonitoringOptions> = {},
): Promise<(path: string, method?: string) => Promise<Response>> {
  monitoring = new Monitoring({
    metrics: new Metrics(),
    log: createLog('silent'),
    missing: () => [],
    readDatabase: async () => undefined,
    measure: async () => undefined,
    ...more,
  });
  const port = await monitoring.start({ host: '127.0.0.1', port: 0 });
  return (path, method = 'GET') =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: 'close' } });
}

test('who can read its database is live, whatever else is missing', async () => {
  const ask = await open({ missing: () => ['the homeserver is not connected (away)'] });
  const answer = await ask('/live');
  expect([answer.status, await answer.json()]).toEqual([200, { live: true }]);
});

test('who cannot read its database is not live, and says so', async () => {
  const ask = await open({ readDatabase: () => Promise.reject(new Error('disk I/O error')) });
  const answer = await ask('/live');
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({ live: false, missing: ['the database cannot be read: disk I/O error'] });
});

test('who lacks nothing is ready; who lacks something says what', async () => {
  const missing: string[] = [];
  const ask = await open({ missing: () => missing });
  const ready = await ask('/ready');
  expect([ready.status, await ready.json()]).toEqual([200, { ready: true, missing: [] }]);
  missing.push('parrot accepts nothing of 1 of 1 account');
  const unready = await ask('/ready');
  expect([unready.status, await unready.json()]).toEqual([503, { ready: false, missing }]);
});

test('the metrics come in the text format of Prometheus, brought up to now', async () => {
  const metrics = new Metrics();
  const ask = await open({
    metrics,
    missing: () => ['something'],
    measure: async () => metrics.waiting.set({ direction: 'in' }, 7),
  });
  const answer = await ask('/metrics');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const page = await answer.text();
  expect(page).toContain('# TYPE chancery_journal_waiting gauge\nchancery_journal_waiting{direction="in"} 7');
  expect(page).toContain('\nchancery_ready 0\n');
});

test('many who ask at once, and again at once, make the database work once', async () => {
  const measure = jest.fn(() => new Promise<void>((resolve) => setImmediate(resolve)));
  const ask = await open({ measure });
  const pages = await Promise.all(Array.from({ length: 20 }, async () => (await ask('/metrics')).text()));
  expect(new Set(pages).size).toBe(1);
  await (await ask('/metrics')).text();
  expect(measure).toHaveBeenCalledTimes(1);
});

test('a page that took long is kept for fifty times as long; one that did not for a second', async () => {
  let now = 1_000_000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  let tookMs = 0;
  const measure = jest.fn(async () => {
    now += tookMs;
  });
  const ask = await open({ measure });
  const askAfter = async (ms: number): Promise<number> => {
    now += ms;
    await (await ask('/metrics')).text();
    return measure.mock.calls.length;
  };
  expect(await askAfter(0)).toBe(1);
  expect(await askAfter(999)).toBe(1);
  tookMs = 100;
  expect(await askAfter(1)).toBe(2);
  expect(await askAfter(4_899)).toBe(2);
  expect(await askAfter(1)).toBe(3);
});

test('a page that could not be made is made anew for the next who asks', async () => {
  let isBroken = true;
  const ask = await open({
    measure: async () => {
      if (isBroken) throw new Error('disk I/O error');
    },
  });
  expect((await ask('/metrics')).status).toBe(500);
  isBroken = false;
  expect((await ask('/metrics')).status).toBe(200);
});

test('nothing can be changed here', async () => {
  const ask = await open();
  for (const path of ['/live', '/ready', '/metrics'])
    expect([path, (await ask(path, 'POST')).status]).toEqual([path, 405]);
});
