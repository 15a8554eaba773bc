import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { configSchema } from '../../../src/cli/configuration.ts';
import { generatedFiles } from '../../../src/cli/generated-files.ts';
import { loadConfig } from '../../../src/config/loader.ts';
import { sampleOf } from '../../../src/config/sample.ts';
import { composeSchema } from '../../../src/config/schema.ts';
import { jsonSchemaOf, type Setting, settingsOf } from '../../../src/config/settings.ts';
import { readRegistration } from '../../../src/matrix/read-registration.ts';

const top = resolve(import.meta.dirname, '../../..');
const sample = join(top, 'config/chancery.sample.yaml');
const pigeon = composeSchema([
  {
    id: 'pigeon',
    configSchema: z
      .strictObject({
        loft: z
          .string()
          .describe('Where they live.')
          .meta({ examples: ['tower'] }),
        birds: z.int().default(2).describe('How many.'),
      })
      .describe('Carrier pigeons.'),
  },
]);

async function withFile<Result>(text: string, work: (path: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'chancery-sample-'));
  try {
    await writeFile(join(folder, 'chancery.yaml'), text);
    return await work(join(folder, 'chancery.yaml'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('the committed files are what the code generates; if not, run: npm run generate', async () => {
  for (const { path, content } of await generatedFiles()) {
    expect(`${path}\n${await readFile(join(top, path), 'utf8')}`).toBe(`${path}\n${content}`);
  }
});

describe('the sample configuration', () => {
  test('is valid as it is', async () => {
    expect(await loadConfig(sample, configSchema, {})).toMatchObject({ homeserver: { server_name: 'agency.example' } });
  });

  test('is valid when everything optional is taken into use', async () => {
    const text = sampleOf(pigeon).replaceAll(/^( *)#(?=[^ #\n]|  )/gmu, '$1');
    const config = await withFile(text, (path) => loadConfig(path, pigeon, {}));
    expect(config.networks['pigeon']).toEqual({ loft: 'tower', birds: 2 });
    expect(config.data.key_file).toMatch(/\/database\.key$/u);
  });

  test('explains every setting', () => {
    const check = ({ key, description, children }: Setting): void => {
      if (key !== '') expect(`${key}: ${description}`).toMatch(/: \S.*\S$/u);
      for (const child of children) check(child);
    };
    check(settingsOf(configSchema));
    const text = sampleOf(configSchema);
    expect(text.startsWith('# yaml-language-server: $schema=chancery.schema.json\n')).toBe(true);
  });

  test('shows the defaults that the code has', async () => {
    const bare = 'homeserver: {url: "http://localhost:8008", server_name: agency.example}\n';
    const [shown, meant] = await withFile(bare, async (path) => [
      await loadConfig(sample, configSchema, {}),
      await loadConfig(path, configSchema, {}),
    ]);
    const placed = { data: {}, appservice: {} };
    expect({ ...shown, ...placed }).toEqual({ ...meant, ...placed });
    const service = { registration_file: '' };
    expect({ ...shown.appservice, ...service }).toEqual({ ...meant.appservice, ...service });
  });
});

test('the JSON Schema knows what must be there and refuses what is unknown', () => {
  expect(jsonSchemaOf(pigeon)).toMatchObject({
    required: ['homeserver'],
    additionalProperties: false,
    properties: {
      homeserver: { required: ['url', 'server_name'] },
      rooms: { type: ['object', 'null'] },
      networks: { properties: { pigeon: { required: ['loft'], additionalProperties: false } } },
    },
  });
});

test('the sample registration is refused by the bridge, at its tokens', async () => {
  await expect(readRegistration(join(top, 'registration.yaml'))).rejects.toMatchObject({
    code: 'CH-REGISTRATION-INVALID',
    place: expect.stringContaining('as_token'),
  });
});
