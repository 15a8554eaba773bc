import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { configSchema } from '../../../src/cli/configuration.ts';
import { overridesFrom } from '../../../src/config/environment.ts';
import { settingsOf } from '../../../src/config/settings.ts';

const top = resolve(import.meta.dirname, '../../..');
const service = z.looseObject({
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z.array(z.string()).default([]),
  networks: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  user: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.unknown().optional(),
  command: z.array(z.string()).default([]),
});
const compose = z
  .looseObject({
    services: z.record(z.string(), service),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
    networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) })),
    // Docker cannot put anything but files into a container whose root is read-only.
    configs: z.record(z.string(), z.strictObject({ file: z.string() })),
  })
  .parse(parse(await readFile(join(top, 'compose.yaml'), 'utf8'), { merge: true }));
const dockerfile = await readFile(join(top, 'Dockerfile'), 'utf8');

describe('compose.yaml', () => {
  test.each(Object.entries(compose.services))('%s runs with as few rights as it needs', (_, given) => {
    expect(given).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  });

  test('publishes on this machine only, and the database to Synapse only', () => {
    for (const { ports } of Object.values(compose.services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/u);
    const onDatabase = Object.entries(compose.services).filter(([, { networks }]) => networks.includes('database'));
    expect(onDatabase.map(([name]) => name)).toEqual(['postgres', 'synapse']);
    expect(compose.networks['database']?.internal).toBe(true);
  });

  test('keeps every secret in a file, and hands out each to those that name it', () => {
    for (const { secrets, environment } of Object.values(compose.services)) {
      for (const name of secrets) expect(compose.secrets).toHaveProperty(name);
      for (const [name, value] of Object.entries(environment))
        if (/PASSWORD|KEY|TOKEN|SECRET/u.test(name)) expect(value).toMatch(/^\/(?:run\/)?secrets\//u);
    }
  });

  test('waits for what is needed to be healthy', () => {
    expect(compose.services['synapse']?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    expect(compose.services['chancery']?.depends_on).toEqual({ synapse: { condition: 'service_healthy' } });
    for (const name of ['postgres', 'synapse']) expect(compose.services[name]?.healthcheck).toBeDefined();
  });

  test('sets only variables that the bridge knows', () => {
    for (const name of ['chancery', 'setup'])
      expect(overridesFrom(compose.services[name]?.environment ?? {}, settingsOf(configSchema)).problems).toEqual([]);
  });

  test("sets up a homeserver whose configuration is YAML and names the bridge's registration", () => {
    const [script = ''] = compose.services['setup']?.command ?? [];
    const [, written = ''] = /<<'END'\n(.*)\nEND\n/su.exec(script) ?? [];
    expect(parse(written)).toMatchObject({ app_service_config_files: ['/run/secrets/registration_synapse'] });
    expect(compose.services['synapse']?.secrets).toContain('registration_synapse');
  });

  test('makes every secret that it hands out', () => {
    const [script = ''] = compose.services['setup']?.command ?? [];
    for (const { file } of Object.values(compose.secrets))
      expect(script).toContain(`[ -e ${file.replace('./secrets/', '')} ] || `);
  });
});

describe('the Dockerfile', () => {
  test('runs as a user of its own, with a health check and no package manager', () => {
    expect(dockerfile).toMatch(/^USER 10001:10001$/mu);
    expect(dockerfile).toContain('CMD ["node", "/app/dist/cli/main.js", "status"]');
    expect(dockerfile).toContain('rm -rf /usr/local/lib/node_modules');
  });

  test('sets only variables that the bridge knows', () => {
    const variables = [...dockerfile.matchAll(/(CHANCERY_\w+)=(\S+)/gu)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    expect(variables.length).toBeGreaterThan(2);
    expect(
      overridesFrom(Object.fromEntries(variables) as Record<string, string>, settingsOf(configSchema)).problems,
    ).toEqual([]);
  });

  test('copies only what .dockerignore lets through', async () => {
    const named = new Set((await readFile(join(top, '.dockerignore'), 'utf8')).match(/(?<=^!).*/gmu) ?? []);
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gmu)].flatMap(([, sources = '']) =>
      sources.split(' '),
    );
    expect(copied.filter((source) => !named.has(source.replace('./', '')))).toEqual([]);
  });
});
