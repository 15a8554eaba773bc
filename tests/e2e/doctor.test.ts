/** The doctor names each fault of homeservers and of Meta's side that were broken on purpose, and finds none in good ones. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { Finding } from '../../src/model/finding.ts';
import { installFfmpeg } from '../peers/ffmpeg/install.ts';
import { House } from '../peers/house.ts';

interface Told {
  readonly code: number;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
  readonly findings: readonly Finding[];
}

const template = { name: 'hello', language: 'en', status: 'APPROVED', category: 'UTILITY', components: [] };
let house: House;
let good: string;

beforeAll(async () => {
  house = await House.open({ recorded: true, whatsapp: { templates: [template] } });
  good = await readFile(house.bridge.registrationFile, 'utf8');
}, 900_000);

afterAll(async () => {
  await house.close();
}, 60_000);

async function doctor(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Told> {
  const { code, out } = await house.bridge.run(['doctor', '--json', ...args], env);
  const { findings } = JSON.parse(out) as { findings: Finding[] };
  const named = (severity: string): string[] =>
    findings.filter((finding) => finding.severity === severity).map(({ check }) => check);
  return { code, faults: named('fault'), warnings: named('warning'), findings };
}

const wordsOf = ({ findings }: Told, check: string): string => {
  const found = findings.find((finding) => finding.check === check);
  return `${found?.words ?? ''} ${found?.advice ?? ''}`;
};

/** Has the homeserver load another registration than the bridge has. */
async function loadedAs(change: (registration: Record<string, unknown>) => object): Promise<void> {
  const broken = { ...(parse(good) as Record<string, unknown>) };
  await writeFile(house.bridge.registrationFile, stringify({ ...broken, ...change(broken) }));
  await house.synapse.stop();
  await house.synapse.start();
  await writeFile(house.bridge.registrationFile, good);
}

test('ffmpeg is said to be there with its version, or not to be there with what follows', async () => {
  const ffmpegAt = (place: string): Promise<Told> => doctor([], { CHANCERY_MEDIA__FFMPEG: place });
  const there = await ffmpegAt(await installFfmpeg());
  expect(there.warnings).toEqual(['bridge.running']);
  expect(wordsOf(there, 'media.ffmpeg')).toMatch(/^ffmpeg \S*\d\.\d\S* makes JPEG, PNG and Ogg Opus\./u);
  const missing = await ffmpegAt('/nowhere/ffmpeg');
  expect(missing.warnings).toEqual(['media.ffmpeg', 'bridge.running']);
  expect(wordsOf(missing, 'media.ffmpeg')).toMatch(/^There is no ffmpeg where media\.ffmpeg says\..*Install ffmpeg/u);
}, 900_000);

describe('a homeserver', () => {
  test('that is as it should be has no fault, before the bridge was ever started', async () => {
    const told = await doctor();
    expect(told.faults).toEqual([]);
    expect(told.warnings).toEqual(['bridge.running']);
    expect(told.code).toBe(1);
    expect(told.findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'homeserver.reaches-bridge',
        'registration.devices',
        'homeserver.media',
        'homeserver.rooms',
      ]),
    );
  });

  test.each<[string, string, RegExp, (registration: Record<string, unknown>) => object]>([
    [
      'that has not loaded the registration, or with another as_token',
      'registration.loaded',
      /does not know the as_token.*app_service_config_files/s,
      () => ({ as_token: 'another-token-0123456789abcdef' }),
    ],
    [
      'that has another hs_token',
      'homeserver.reaches-bridge',
      /hs_token differs/,
      () => ({ hs_token: 'another-token-0123456789abcdef' }),
    ],
    [
      'that looks for the bridge where nobody is',
      'homeserver.reaches-bridge',
      /does not reach the bridge/,
      () => ({ url: 'http://127.0.0.1:9' }),
    ],
    ['that has no URL of the bridge', 'homeserver.reaches-bridge', /has no URL/, () => ({ url: null })],
    [
      'that knows the bridge under another id',
      'homeserver.reaches-bridge',
      /another id than chancery/,
      () => ({ id: 'another' }),
    ],
    [
      'that gives the bridge other users',
      'registration.namespaces',
      /does not let the bridge make @/,
      () => ({
        namespaces: { users: [{ exclusive: true, regex: '^@_other_.*:localhost$' }], aliases: [], rooms: [] },
      }),
    ],
  ])('%s is named', async (_, check, words, change) => {
    await loadedAs(change);
    const told = await doctor();
    expect(told.faults).toEqual([check]);
    expect(wordsOf(told, check)).toMatch(words);
    expect(told.code).toBe(2);
  });

  test('whose loaded registration differs is told apart key by key, and never a token is told', async () => {
    await loadedAs(() => ({ url: 'http://127.0.0.1:9', rate_limited: true }));
    const loaded = `${house.bridge.directory}/loaded.yaml`;
    await writeFile(
      loaded,
      stringify({ ...(parse(good) as object), url: 'http://127.0.0.1:9', as_token: 'x'.repeat(40) }),
    );
    const file = `${house.bridge.directory}/homeserver.yaml`;
    await writeFile(file, stringify({ redaction_retention_period: null, app_service_config_files: [loaded] }));
    const told = await doctor(['--homeserver-config', file]);
    expect(wordsOf(told, 'registration.same')).toMatch(/differs in: url, as_token/);
    expect(JSON.stringify(told)).not.toContain((parse(good) as { as_token: string }).as_token);
  });

  test('that takes small files only, and destroys history, is named setting by setting', async () => {
    await house.synapse.stop();
    await house.synapse.start({
      max_upload_size: '1M',
      retention: { enabled: true, default_policy: { max_lifetime: '1y' } },
      forgotten_room_retention_period: '28d',
      forget_rooms_on_leave: true,
      media_retention: { local_media_lifetime: '90d', remote_media_lifetime: '14d' },
      delete_stale_devices_after: '1y',
    });
    const told = await doctor(['--homeserver-config', house.synapse.configurationFile]);
    expect(told.faults).toEqual([
      'history.redaction_retention_period',
      'history.retention.enabled',
      'history.forgotten_room_retention_period',
      'history.media_retention.local_media_lifetime',
      'history.media_retention.remote_media_lifetime',
    ]);
    expect(told.warnings).toEqual(
      expect.arrayContaining([
        'homeserver.media-limit',
        'history.forget_rooms_on_leave',
        'history.delete_stale_devices_after',
      ]),
    );
    expect(wordsOf(told, 'homeserver.media-limit')).toMatch(/at most 1 MiB.*max_upload_size/s);
  });

  test('with another name than the configuration gives it is named', async () => {
    await house.synapse.stop();
    await house.synapse.start({ redaction_retention_period: null });
    const told = await doctor([], { CHANCERY_HOMESERVER__SERVER_NAME: 'agency.example' });
    expect(told.faults).toEqual(['registration.configured', 'homeserver.name']);
    expect(wordsOf(told, 'homeserver.name')).toMatch(/is called localhost.*agency\.example/s);
  });

  test('that does not answer is named, and nothing that hangs on it', async () => {
    await house.synapse.stop();
    const told = await doctor();
    expect(told.faults).toEqual(['homeserver.reachable']);
    expect(wordsOf(told, 'homeserver.reachable')).toMatch(/does not answer.*homeserver\.url/s);
    await house.synapse.start({ redaction_retention_period: null });
  });
});

describe("Meta's side", () => {
  beforeAll(async () => {
    await house.bridge.start();
    await house.connectNumber();
  }, 120_000);

  test('that is as it should be has neither fault nor warning, and the exit code is 0', async () => {
    const { code, out } = await house.bridge.run(['doctor', '--homeserver-config', house.synapse.configurationFile]);
    expect(out).toMatch(/ok +whatsapp\.webhook: /);
    expect(out).toMatch(/Templates: 1, of which 1 are approved/);
    expect(out).toMatch(/0 faults, 0 warnings/);
    expect(code).toBe(0);
  });

  test('with a token that may not send is named', async () => {
    await house.whatsapp.change({ permissions: ['whatsapp_business_management'] });
    const told = await doctor();
    expect(told.faults).toEqual(['whatsapp.permissions']);
    expect(wordsOf(told, 'whatsapp.permissions')).toMatch(/does not permit: whatsapp_business_messaging/);
    await house.whatsapp.change({ permissions: ['whatsapp_business_management', 'whatsapp_business_messaging'] });
  });

  test('where no app gets the webhooks is named', async () => {
    await house.whatsapp.change({ subscribed: false });
    expect((await doctor()).faults).toEqual(['whatsapp.subscribed']);
    await house.whatsapp.change({ subscribed: true });
  });

  test('that sends webhooks elsewhere is named', async () => {
    await house.whatsapp.setWebhookUrl('http://127.0.0.1:9/whatsapp');
    const told = await doctor();
    expect(told.faults).toEqual(['whatsapp.webhook-at-meta']);
    expect(wordsOf(told, 'whatsapp.webhook-at-meta')).toMatch(/127\.0\.0\.1:9/);
    await house.whatsapp.setWebhookUrl(`http://127.0.0.1:${house.secrets.webhookPort}/whatsapp`);
  });

  test('without an approved template is a warning', async () => {
    await house.whatsapp.change({ templates: [] });
    const told = await doctor();
    expect({ code: told.code, warnings: told.warnings }).toEqual({ code: 1, warnings: ['whatsapp.templates'] });
    await house.whatsapp.change({ templates: [template] });
  });

  test('that no longer takes the token is named, and nothing that hangs on it', async () => {
    await house.whatsapp.change({ newToken: 'EAAanewtokenthatistaken' });
    const told = await doctor();
    expect(told.faults).toEqual(['whatsapp.token']);
    expect(JSON.stringify(told)).not.toContain(house.secrets.accessToken);
    await house.whatsapp.change({ newToken: null });
  });

  test('that does not answer is named', async () => {
    await house.whatsapp.stop();
    expect((await doctor()).faults).toEqual(['whatsapp.reachable']);
  });
});
