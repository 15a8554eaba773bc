import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ChanceryError } from '../../../src/base/errors.ts';
import { loadConfig } from '../../../src/config/loader.ts';
import { type Config, composeSchema } from '../../../src/config/schema.ts';

const pigeon = z.strictObject({ loft: z.string(), birds: z.int().default(2), rings: z.boolean().default(false) });
const schema = composeSchema([{ id: 'pigeon', configSchema: pigeon }]);
const minimal = 'homeserver:\n  url: http://localhost:8008\n  server_name: agency.example\n';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-config-'));
  path = join(folder, 'chancery.yaml');
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function load(text: string | Uint8Array, environment: Record<string, string> = {}): Promise<Config> {
  await writeFile(path, text);
  return loadConfig(path, schema, environment);
}

/** The lines of the problems, with the file's path shortened to F. */
async function problems(text: string | Uint8Array, environment: Record<string, string> = {}): Promise<string[]> {
  try {
    await load(text, environment);
  } catch (thrown) {
    if (!(thrown instanceof ChanceryError)) throw thrown;
    expect(thrown).toMatchObject({ code: 'CH-CONFIG-INVALID', place: path });
    const [, ...lines] = (thrown.detail ?? '').split('\n  ');
    return lines.map((line) => line.replace(path, 'F'));
  }
  throw new Error('this configuration was taken');
}

describe('a valid configuration', () => {
  test('gets its defaults, and paths that start at its own folder', async () => {
    expect(await load(minimal)).toEqual({
      homeserver: { url: 'http://localhost:8008', server_name: 'agency.example' },
      appservice: {
        registration_file: join(folder, 'registration.yaml'),
        url: 'http://localhost:29330',
        host: '127.0.0.1',
        port: 29_330,
        id: 'chancery',
        bot: 'chancery',
        namespace: '_chancery_',
      },
      data: { directory: join(folder, 'data') },
      records: { recipients: [], epoch_hours: 24 },
      rooms: { invite: [], officials: [], admins: [] },
      double_puppets: { homeservers: [] },
      media: {},
      logging: { level: 'info' },
      monitoring: { host: '127.0.0.1' },
      networks: {},
    });
  });

  test('keeps absolute paths, and takes the slash off the end of a URL', async () => {
    const config = await load(
      `${minimal.replace('8008', '8008/')}data: {directory: /srv/chancery, key_file: secret/key}\n`,
    );
    expect(config.homeserver.url).toBe('http://localhost:8008');
    expect(config.data).toEqual({ directory: '/srv/chancery', key_file: join(folder, 'secret/key') });
  });

  test('names ffmpeg by its path, or does without', async () => {
    expect((await load(`${minimal}media: {ffmpeg: bin/ffmpeg}\n`)).media).toEqual({
      ffmpeg: join(folder, 'bin/ffmpeg'),
    });
    expect((await load(`${minimal}media: {ffmpeg: off}\n`)).media).toEqual({ ffmpeg: 'off' });
  });

  test('puts heads at a URL that is encrypted, or on this machine, with a token from a file', async () => {
    const records = (section: string) => load(`${minimal}records: ${section}\n`).then((config) => config.records);
    expect(
      await records('{heads_url: "https://heads.example/a?b=1", heads_token_file: heads.token, socket: s}'),
    ).toMatchObject({
      heads_url: 'https://heads.example/a?b=1',
      heads_token_file: join(folder, 'heads.token'),
      socket: join(folder, 's'),
    });
    for (const url of ['http://127.0.0.1:8/a', 'http://[::1]:8/a', 'http://localhost/a'])
      expect(await records(`{heads_url: "${url}"}`)).toMatchObject({ heads_url: url });
    for (const url of [
      'http://heads.example/a',
      'https://a:b@heads.example/',
      'http://127.0.0.1.example/',
      'file:///a',
    ])
      expect(await problems(`${minimal}records: {heads_url: "${url}"}\n`)).toEqual([
        expect.stringContaining('expected an https:// URL without user and fragment (http:// on this machine only)'),
      ]);
    expect(await problems(`${minimal}records: {heads_token_file: heads.token}\n`)).toEqual([
      expect.stringContaining('records.heads_token_file'),
    ]);
  });

  test('may have empty sections, as they stay when their keys are commented out', async () => {
    const config = await load(`${minimal}rooms:\n#  invite: []\nnetworks:\n`);
    expect(config.rooms.invite).toEqual([]);
    expect(config.networks).toEqual({});
  });

  test('lets those who watch in where a port is named, in the file or in the environment, and on loopback only', async () => {
    expect((await load(`${minimal}monitoring: {port: 9}\n`)).monitoring).toEqual({ host: '127.0.0.1', port: 9 });
    const fromEnvironment = await load(minimal, { CHANCERY_MONITORING__PORT: '29332' });
    expect(fromEnvironment.monitoring).toEqual({ host: '127.0.0.1', port: 29_332 });
  });

  test('carries the section of a network as the network validated it', async () => {
    const config = await load(`${minimal}networks: {pigeon: {loft: tower}}\n`);
    expect(config.networks['pigeon']).toEqual({ loft: 'tower', birds: 2, rings: false });
  });

  test.each(['"@ana:agency.example"', 'agency.example', 'agency.example:8448', '"[::1]:8448"', '10.0.0.1', '"*"'])(
    'may name %s as officials',
    async (rule) => {
      const config = await load(`${minimal}rooms:\n  officials: ['@x:y', ${rule}]\n`);
      expect(config.rooms.officials).toHaveLength(2);
    },
  );
});

describe('a mistake is named with its place, what was found and what was expected', () => {
  test('all at once, in the order of the file', async () => {
    const text = [
      'homeserver:',
      '  url: matrix.agency.example',
      '  server_nam: agency.example',
      'appservice:',
      '  port: 70000',
      '  bot: Chancery',
      'rooms:',
      '  invite:',
      '    - "@ana:agency.example"',
      '    - ana',
      '  officials: agency.example',
      'loging: {level: info}',
      'networks:',
      '  pigeon:',
      '    birds: many',
    ].join('\n');
    expect(await problems(text)).toEqual([
      'F:1:1 homeserver.server_name: found nothing, expected the name of a Matrix server, for example agency.example',
      'F:2:8 homeserver.url: found "matrix.agency.example", expected an http:// or https:// URL without user, path, query or fragment, for example http://localhost:8008',
      'F:3:3 homeserver.server_nam: is not a known key; did you mean server_name?',
      'F:5:9 appservice.port: found 70000, expected a port, a whole number from 1 to 65535, for example 29330',
      'F:6:8 appservice.bot: found "Chancery", expected lower-case letters, digits and . _ = - / + only, for example chancery',
      'F:10:7 rooms.invite.1: found "ana", expected a Matrix user id, for example @ana:agency.example',
      'F:11:14 rooms.officials: found "agency.example", expected a list of Matrix user ids, server names or \'*\'',
      'F:12:1 loging: is not a known key; did you mean logging?',
      'F:14:3 networks.pigeon.loft: found nothing, expected string',
      'F:15:12 networks.pigeon.birds: found "many", expected number',
    ]);
  });

  test.each([
    'ftp://matrix.example',
    'https://matrix.example/_matrix',
    'https://matrix.example?a',
    'https://matrix.example/#',
    '"https://matrix.example/x/.."',
    '" https://matrix.example"',
    'https://',
    '8008',
    '[]',
    '~',
  ])('a URL cannot be %s', async (url) => {
    const [line] = await problems(minimal.replace('http://localhost:8008', url));
    expect(line).toMatch(/^F:2:8 homeserver\.url: found .*, expected an http/u);
  });

  test('a password in a URL is refused and not repeated', async () => {
    const [line] = await problems(minimal.replace('localhost', 'ana:hunter2@localhost'));
    expect(line).toContain('"http://[credentials]@localhost:8008"');
    expect(line).not.toContain('hunter2');
  });

  test('a key that was pasted instead of its file is refused and not repeated', async () => {
    const [line] = await problems(`${minimal}data: {key_file: ${'a1'.repeat(32)}}\n`);
    expect(line).toContain('this looks like the key itself');
    expect(line).not.toContain('a1a1');
  });

  test('a bot among the contacts', async () => {
    const lines = await problems(`${minimal}appservice: {bot: _chancery_bot}\n`);
    expect(lines).toEqual([
      expect.stringContaining('F:4:19 appservice.bot: found "_chancery_bot", expected a name that'),
    ]);
  });

  test.each(['__proto__: {port: 1}', 'constructor: 1', 'toString: 1', '? {a: 1}\n: 2', '1: 2'])(
    'the strange key %s',
    async (strange) => expect(await problems(`${minimal}${strange}\n`)).toHaveLength(1),
  );

  test('a file that is a list', async () => {
    expect(await problems('- homeserver\n')).toEqual(['F:1:1 found a list, expected object']);
  });
});

describe('a text that is not plain YAML is refused with its place', () => {
  test.each([
    ['a key twice', `${minimal}data: {}\ndata: {}\n`, 'F:5:1: The key data stands here twice'],
    ['a tab', 'homeserver:\n\turl: x\n', 'F:2:1: Tabs are not allowed as indentation'],
    [
      'a user id without quotes',
      'rooms:\n  invite: [@ana:agency.example]\n',
      'F:2:12: Plain value cannot start with reserved character @; put the value in quotation marks',
    ],
    ['an unknown tag', 'homeserver: !secret x\n', 'F:1:13: Unresolved tag: !secret'],
    ['an alias of nothing', 'homeserver: *nobody\n', 'F:1:1: Unresolved alias'],
    ['two documents', `${minimal}---\n${minimal}`, 'F:4:1: Source contains multiple documents'],
    ['a bracket that is never closed', 'homeserver: [\n', 'F:2:1: Flow sequence'],
    ['nothing', '', 'F:1:1: The file holds no settings'],
    ['only comments', '# homeserver:\n', 'F:1:1: The file holds no settings'],
  ])('%s', async (_, text, line) => {
    const [first] = await problems(text);
    expect(first?.startsWith(line) === true ? line : first).toBe(line);
  });

  test('aliases that multiply', async () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}, *a${level}]`,
    );
    expect(await problems(['a0: &a0 [x]', ...levels].join('\n'))).toEqual([
      expect.stringMatching(/^F:1:1: Excessive alias count/u),
    ]);
  });

  test('a list or a section as a key, which nests to no end of work', async () => {
    expect(await problems('[a, b]: 1\n')).toEqual(['F:1:1: A key is expected to be a word']);
    expect(await problems('? '.repeat(600))).toHaveLength(51);
  });

  test('very many aliases, brackets or keys, in seconds', async () => {
    const many = (count: number, line: (index: number) => string): string =>
      Array.from({ length: count }, (_, index) => line(index)).join('');
    expect(await problems(`x:\n- &a b\n${many(5_000, () => '- *a\n')}`)).toEqual([
      'F:103:3: More than 100 aliases (*name) are not taken',
    ]);
    for (const nest of ['[', '{a: ', '- ', '? ', '&a [', '!!seq [', 'a:\n- '])
      expect((await problems(nest.repeat(20_000))).length).toBeGreaterThan(0);
    expect(await problems(many(20_000, (index) => `key${index}: 1\n`))).toHaveLength(51);
  }, 60_000);
});

describe('a file that cannot be read', () => {
  const refused = async (file: string, detail: string): Promise<void> => {
    const failure = loadConfig(file, schema, {});
    await expect(failure).rejects.toMatchObject({ code: 'CH-CONFIG-UNREADABLE', place: file });
    await expect(failure).rejects.toThrow(detail);
  };
  test('because there is none', async () => refused(path, 'There is no such file.'));
  test('because it is a folder', async () => {
    await mkdir(path);
    await refused(path, 'This is a folder.');
  });
  test('because it is a device', async () => refused('/dev/zero', 'This is not a file.'));
  test('because it is too large', async () => {
    await writeFile(path, '#'.repeat(1_000_001));
    await refused(path, 'larger than 1000000 bytes');
  });
  test('because it is not UTF-8', async () => {
    await writeFile(path, Buffer.from([0x61, 0x3a, 0x20, 0xff]));
    await refused(path, 'not UTF-8');
  });
});

describe('the environment', () => {
  test('overrides text, numbers, flags and lists, in sections of networks too', async () => {
    const config = await load('networks:\n  pigeon: {loft: tower}\n', {
      CHANCERY_HOMESERVER__URL: 'https://matrix.agency.example/',
      CHANCERY_HOMESERVER__SERVER_NAME: 'agency.example',
      CHANCERY_APPSERVICE__PORT: '8080',
      CHANCERY_ROOMS__INVITE: '@ana:agency.example, @bo:agency.example',
      CHANCERY_NETWORKS__PIGEON__BIRDS: '7',
      CHANCERY_NETWORKS__PIGEON__RINGS: 'true',
    });
    expect(config.homeserver).toEqual({ url: 'https://matrix.agency.example', server_name: 'agency.example' });
    expect(config.appservice.port).toBe(8080);
    expect(config.rooms.invite).toEqual(['@ana:agency.example', '@bo:agency.example']);
    expect(config.networks['pigeon']).toEqual({ loft: 'tower', birds: 7, rings: true });
  });

  test('is validated like the file, and named as the place', async () => {
    expect(
      await problems(`${minimal}logging: {level: loud}\n`, {
        CHANCERY_APPSERVICE__PORT: 'http',
        CHANCERY_ROOMS__INVITE: '@ana:agency.example,bo',
      }),
    ).toEqual([
      'F:4:18 logging.level: found "loud", expected one of debug, info, warn, error, silent',
      'CHANCERY_APPSERVICE__PORT appservice.port: found "http", expected a port, a whole number from 1 to 65535, for example 29330',
      'CHANCERY_ROOMS__INVITE rooms.invite.1: found "bo", expected a Matrix user id, for example @ana:agency.example',
    ]);
  });

  test('may not hold a variable that nobody reads', async () => {
    expect(await problems(minimal, { CHANCERY_HOMESERVER__URI: 'x', CHANCERY_FOO: 'y', CHANCERY_ROOMS: 'z' })).toEqual([
      'CHANCERY_FOO: is not a known variable',
      'CHANCERY_HOMESERVER__URI: is not a known variable; did you mean CHANCERY_HOMESERVER__URL?',
      expect.stringMatching(/^CHANCERY_ROOMS: is not a known variable/u),
    ]);
  });

  test('may hold those that others read, and those that Kubernetes sets for a Service of our name', async () => {
    await load(minimal, {
      CHANCERY_CONFIG: '/etc/chancery.yaml',
      CHANCERY_DATABASE_KEY: 'x',
      CHANCERY_SERVICE_HOST: '10.0.0.1',
      CHANCERY_PORT: 'tcp://10.0.0.1:29330',
      CHANCERY_PORT_29330_TCP_ADDR: '10.0.0.1',
      PATH: '/bin',
    });
  });
});
