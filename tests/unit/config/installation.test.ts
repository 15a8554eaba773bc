/** Installing takes packages from their registry and nothing else: nothing is built, nothing more is downloaded. */
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';

const top = resolve(import.meta.dirname, '../../..');
const entry = z.looseObject({ gypfile: z.boolean().optional(), version: z.string().optional() });
const lock = z
  .looseObject({ packages: z.record(z.string(), entry) })
  .parse(JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8')));
const manifest = z
  .looseObject({
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')));

test('npm is told of every package with a binding.gyp that it brings its binaries; if not, run: node scripts/mend-lock.ts', () => {
  const buildable = globSync('node_modules/{*,@*/*}/binding.gyp', { cwd: top }).map((path) =>
    path.replace('/binding.gyp', ''),
  );
  expect(buildable).toContain('node_modules/better-sqlite3-multiple-ciphers');
  // That one looks for its binary by a script of its own, and only jest wants it.
  const binaries = buildable.filter((path) => path !== 'node_modules/@parcel/watcher');
  for (const path of binaries) expect([path, lock.packages[path]?.gypfile]).toEqual([path, false]);
});

test('every dependency is pinned exactly', () => {
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
    expect([name, range]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+(-[\w.]+)?$/)]);
});
