/** Writes the sample configuration, its JSON Schema, the list of metrics and the sample registration. Run: npm run generate */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { generatedFiles } from '../src/cli/generated-files.ts';

for (const { path, content } of await generatedFiles()) {
  const target = resolve(import.meta.dirname, '..', path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  console.log(`wrote ${path}`);
}
