/** What is counted stands on the page under its name, with labels that are known beforehand and hold nobody's id. */
import { expect, test } from '@jest/globals';
import { Metrics } from '../../../src/base/metrics.ts';

const lineOf = async ({ registry }: Metrics, start: string): Promise<string | undefined> =>
  (await registry.metrics()).split('\n').find((line) => line.startsWith(start));

test('a message is counted once under what became of it, and nowhere else', async () => {
  const metrics = new Metrics();
  metrics.introduce('parrot');
  metrics.count({ network: 'parrot', direction: 'out', kind: 'message', outcome: 'failed' });
  const page = await metrics.registry.metrics();
  const counted = page.split('\n').filter((line) => line.startsWith('chancery_messages_total{'));
  const failed = 'chancery_messages_total{network="parrot",direction="out",kind="message",outcome="failed"}';
  expect(counted).toContain(`${failed} 1`);
  expect(counted.filter((line) => !line.endsWith(' 0'))).toHaveLength(1);
});

test('the counts of a network are there from the start, so that the first failure is a rise', async () => {
  const metrics = new Metrics();
  expect(await metrics.registry.metrics()).not.toContain('network="parrot"');
  metrics.introduce('parrot');
  const uncertain = 'chancery_messages_total{network="parrot",direction="out",kind="message",outcome="uncertain"}';
  expect(await lineOf(metrics, uncertain)).toBe(`${uncertain} 0`);
  expect(await metrics.registry.metrics()).not.toMatch(/direction="in".*outcome="failed"/);
});

test('a call is filed under the class of its status, and under none when no answer came', async () => {
  const metrics = new Metrics();
  for (const status of [200, 204, 302, 404, 503, undefined])
    metrics.homeserverCall('PUT', '/rooms/*', { status, seconds: 0.02 });
  const count = (status: string): Promise<string | undefined> =>
    lineOf(metrics, `chancery_homeserver_request_seconds_count{method="PUT",route="/rooms/*",status="${status}"}`);
  expect(await count('2xx')).toMatch(/ 2$/);
  for (const status of ['3xx', '4xx', '5xx', 'none']) expect(await count(status)).toMatch(/ 1$/);
});

test('a clock that was set back makes no lag below nothing', async () => {
  const metrics = new Metrics();
  metrics.rowDone('in', -5);
  expect(await lineOf(metrics, 'chancery_journal_lag_seconds_sum{direction="in"}')).toMatch(/ 0$/);
});

test('two bridges in one process count apart', async () => {
  const [one, other] = [new Metrics(), new Metrics()];
  one.committed(0.001, 3);
  expect(await lineOf(one, 'chancery_committed_units_total')).toMatch(/ 3$/);
  expect(await lineOf(other, 'chancery_committed_units_total')).toMatch(/ 0$/);
});

test('names follow what Prometheus asks for: our own prefix, the unit at the end, total for counters', async () => {
  for (const { name, type, help } of await new Metrics().registry.getMetricsAsJSON()) {
    expect(name).toMatch(/^chancery_[a-z_]+$/);
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    expect([name, String(type) === 'counter']).toEqual([name, name.endsWith('_total')]);
    if (String(type) === 'histogram') expect(name).toMatch(/_seconds$/);
  }
});

test('memory, processor and event loop are told once somebody wants to know', async () => {
  const metrics = new Metrics();
  expect(await metrics.registry.metrics()).not.toContain('process_resident_memory_bytes');
  metrics.measureProcess('1.2.3');
  metrics.measureProcess('1.2.3');
  const page = await metrics.registry.metrics();
  expect(page).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
  expect(page).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m);
  expect(page).toContain('chancery_build_info{version="1.2.3"} 1');
});
