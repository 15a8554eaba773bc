import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { examineHomeserver } from '../../../src/matrix/examination.ts';
import { Homeserver } from '../../../src/matrix/homeserver.ts';
import { makeRegistration } from '../../../src/matrix/registration.ts';
import type { Finding } from '../../../src/model/finding.ts';
import { type Answer, FakeHomeserver } from './fake-homeserver.ts';

const now = Date.UTC(2026, 10, 27, 12);
const wanted = {
  id: 'chancery',
  url: 'http://localhost:29330',
  serverName: 'agency.example',
  botLocalpart: 'chancery',
  namespacePrefix: '_chancery_',
};
let server: FakeHomeserver;
let homeserver: Homeserver;
let url: string;

beforeEach(async () => {
  server = new FakeHomeserver();
  url = await server.start();
  homeserver = new Homeserver({ url, serverName: wanted.serverName, token: 'token' });
});
afterEach(async () => {
  await homeserver.close();
  await server.stop();
});

/** What the examination says where the first question is answered so, and everything else with an error. */
async function examined(first: Answer): Promise<Map<string, Finding>> {
  server.answer = ({ path }) =>
    path === '/_matrix/client/versions' ? first : [401, { errcode: 'M_UNKNOWN_TOKEN', error: 'Who?' }];
  const registration = await makeRegistration(wanted);
  const findings = await examineHomeserver({ homeserver, url, registration, wanted, now: () => now });
  return new Map(findings.map((finding) => [finding.check, finding]));
}

const date = (at: number): Readonly<Record<string, string>> => ({ date: new Date(at).toUTCString() });

test('clocks that differ by more than half a minute are a warning that says by how much', async () => {
  const findings = await examined([200, { versions: ['v1.11'] }, date(now - 95_000)]);
  expect(findings.get('homeserver.clock')).toMatchObject({
    severity: 'warning',
    words: expect.stringContaining('95 seconds') as unknown,
  });
  const agreeing = await examined([200, { versions: ['v1.11'] }, date(now + 20_000)]);
  expect(agreeing.get('homeserver.clock')?.severity).toBe('good');
});

test('a homeserver that is too old is a fault that names the version needed', async () => {
  const findings = await examined([200, { versions: ['r0.6.1', 'v1.1', 'v1.10'] }, date(now)]);
  expect(findings.get('homeserver.versions')).toMatchObject({ severity: 'fault' });
  expect(findings.get('homeserver.versions')?.words).toBe('It speaks Matrix 1.10 at most, and the bridge needs 1.11.');
});

test.each<[string, Answer]>([
  ['a page of a web server', [200, '<html>It works!</html>']],
  ['JSON of another service', [200, { status: 'ok' }]],
  ['an error', [502, 'Bad gateway']],
])('%s is no homeserver, and nothing else is asked', async (_, answer) => {
  const findings = await examined(answer);
  expect(findings.get('homeserver.reachable')?.severity).toBe('fault');
  expect(server.asked.map(({ path }) => path)).toEqual(['/_matrix/client/versions']);
});

test('a registration that was made from another configuration is told apart key by key', async () => {
  server.answer = () => [401, { errcode: 'M_UNKNOWN_TOKEN', error: 'Who?' }];
  const registration = await makeRegistration({ ...wanted, url: 'http://elsewhere:1', namespacePrefix: '_other_' });
  const [first] = await examineHomeserver({ homeserver, url, registration, wanted, now: () => now });
  expect(first).toMatchObject({ check: 'registration.configured', severity: 'fault' });
  expect(first?.words).toContain('url, sender_localpart, namespaces');
});

test.each<[string, (path: string) => Answer | undefined]>([
  ['refuses them', (path) => (path.includes('/devices/') ? [404, { errcode: 'M_NOT_FOUND', error: 'No' }] : undefined)],
  ['takes no notice of them', (path) => (path.includes('/devices/') ? [200, {}] : undefined)],
])('a homeserver that %s lets the bridge have no devices (MSC4190), and is told what to load', async (_, answer) => {
  const registration = await makeRegistration(wanted);
  server.answer = ({ path, query }) => {
    if (path === '/_matrix/client/versions') return [200, { versions: ['v1.15'] }, date(now)];
    if (path.endsWith('/whoami'))
      return [200, { user_id: query['user_id'] ?? `@${registration.sender_localpart}:agency.example` }];
    if (path.endsWith('/ping')) return [200, { duration_ms: 1 }];
    return answer(path) ?? [200, {}];
  };
  const findings = await examineHomeserver({ homeserver, url, registration, wanted, now: () => now });
  const faults = findings.filter(({ severity }) => severity === 'fault');
  expect(faults.map(({ check }) => check)).toEqual(['registration.devices']);
  expect(faults[0]?.advice).toContain('io.element.msc4190: true');
});
