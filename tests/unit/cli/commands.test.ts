import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readRegistration } from '../../../src/matrix/read-registration.ts';
import { readDatabaseKey } from '../../../src/vault/database-key.ts';
import { chancery } from './run-chancery.ts';

const valid = 'homeserver: {url: "http://localhost:8008", server_name: agency.example}\n';
let folder: string;
let config: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chancery-cli-'));
  config = join(folder, 'chancery.yaml');
  await writeFile(config, valid);
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const noStack = (text: string): void => expect(text).not.toMatch(/^\s+at |node:internal|Error:/mu);

describe('a command that nobody knows', () => {
  test.each([
    [['statsu'], "unknown command 'statsu' (Did you mean status?)"],
    [['status', '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
    [['login'], "missing required argument 'network'"],
    [['check-config', 'extra'], 'too many arguments'],
  ])('chancery %j is refused with exit code 2', async (args, detail) => {
    const { code, out, err } = await chancery(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('CH-COMMAND-INVALID chancery: This command is not understood.');
    expect(err).toContain(detail);
    expect(err).toContain('\nwhat to do: ');
    noStack(err);
  });

  test('none at all shows the help', async () => {
    const { code, err } = await chancery([]);
    expect(code).toBe(2);
    expect(err).toContain('Usage: chancery');
  });

  test('asking for help is no mistake', async () => {
    const { code, out } = await chancery(['--help']);
    expect(code).toBe(0);
    for (const command of ['start', 'check-config', 'keygen', 'registration', 'login', 'status', 'version'])
      expect(out).toContain(`  ${command} `);
  });
});

test('version prints the version of the package', async () => {
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
    version: string;
  };
  expect(await chancery(['version'])).toEqual({
    code: 0,
    out: `chancery ${version} (Node.js ${process.version})\n`,
    err: '',
  });
});

describe('check-config', () => {
  test('says ok, and takes the path from the option or from the environment', async () => {
    for (const ended of [
      await chancery(['check-config', '--config', config]),
      await chancery(['check-config'], { env: { CHANCERY_CONFIG: config } }),
    ]) {
      expect(ended).toEqual({ code: 0, out: expect.stringContaining(`${config}: ok`), err: '' });
    }
  });

  test('names every problem with file, line and column, exit code 2, and leaves the folder as it was', async () => {
    await writeFile(config, `${valid}appservice:\n  port: no\n  bott: x\n`);
    const { code, out, err } = await chancery(['check-config', '-c', config]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toBe(
      [
        `CH-CONFIG-INVALID ${config}: The configuration is not valid. 2 problems:`,
        `  ${config}:3:9 appservice.port: found "no", expected a port, a whole number from 1 to 65535, for example 29330`,
        `  ${config}:4:3 appservice.bott: is not a known key; did you mean bot?`,
        'what to do: Correct the places named.',
        '',
      ].join('\n'),
    );
    expect(await readdir(folder)).toEqual(['chancery.yaml']);
  });

  test('says when there is no file', async () => {
    const { code, err } = await chancery(['check-config', '-c', join(folder, 'absent.yaml')]);
    expect(code).toBe(2);
    expect(err).toMatch(/^CH-CONFIG-UNREADABLE .*absent\.yaml: .*There is no such file\.\nwhat to do: .*sample/u);
  });
});

describe('keygen', () => {
  test('writes the key where the configuration wants it, for its owner only, once', async () => {
    await writeFile(config, `${valid}data: {key_file: keys/database.key}\n`);
    const path = join(folder, 'keys/database.key');
    const first = await chancery(['keygen', '-c', config]);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toContain(`Wrote ${path}`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const key = await readDatabaseKey({ keyFile: path, environment: {} });
    const second = await chancery(['keygen', '-c', config]);
    expect(second.code).toBe(2);
    expect(second.err).toContain(`CH-SECRET-INVALID ${path}: `);
    expect(await readDatabaseKey({ keyFile: path, environment: {} })).toEqual(key);
  });

  test('needs no configuration when it is told the file', async () => {
    const path = join(folder, 'my.key');
    expect(await chancery(['keygen', '--output', path])).toMatchObject({ code: 0 });
    expect(await readDatabaseKey({ keyFile: path, environment: {} })).toHaveLength(32);
  });

  test('says what to set when nobody named a file', async () => {
    const { code, err } = await chancery(['keygen', '-c', config]);
    expect(code).toBe(2);
    expect(err).toContain('data.key_file is not set. Set it, or name the file with --output.');
  });
});

describe('registration', () => {
  const path = (): string => join(folder, 'registration.yaml');

  test('writes a file that the bridge takes, and tells what to do next', async () => {
    const { code, out, err } = await chancery(['registration', '-c', config]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`app_service_config_files:\n         - ${path()}`);
    expect(out).toContain(`chancery start --config ${config}`);
    expect((await stat(path())).mode & 0o777).toBe(0o600);
    const registration = await readRegistration(path());
    expect(registration).toMatchObject({ id: 'chancery', url: 'http://localhost:29330' });
    for (const secret of [registration.as_token, registration.hs_token]) expect(out).not.toContain(secret);
  });

  test('leaves an old file alone unless it is forced', async () => {
    await chancery(['registration', '-c', config]);
    const old = await readFile(path(), 'utf8');
    const refused = await chancery(['registration', '-c', config]);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(`CH-REGISTRATION-INVALID ${path()}: `);
    expect(refused.err).toContain('--force');
    expect(await readFile(path(), 'utf8')).toBe(old);
    expect((await chancery(['registration', '-c', config, '--force'])).code).toBe(0);
    expect(await readFile(path(), 'utf8')).not.toBe(old);
  });

  test('says which file could not be written', async () => {
    await writeFile(config, `${valid}appservice: {registration_file: absent/registration.yaml}\n`);
    const { code, err } = await chancery(['registration', '-c', config]);
    expect(code).toBe(2);
    expect(err).toContain(`CH-REGISTRATION-INVALID ${join(folder, 'absent/registration.yaml')}: `);
    noStack(err);
  });
});

describe('without a running bridge', () => {
  test.each([['status'], ['login', 'whatsapp', '--answers', '-']])('%s %s fails with exit code 1', async (...args) => {
    const { code, out, err } = await chancery([...args, '-c', config], { input: '{}' });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^CH-NOT-RUNNING .*control\.sock: .*\nwhat to do: Start it with `chancery start`\.\n$/u);
    await chmod(folder, 0o700);
    expect(await readdir(folder)).toEqual(['chancery.yaml']);
  });
});
