/** `chancery version`: the version of this build. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const manifest = z.object({ version: z.string() });

/** From package.json, which lies as far above src/cli as above dist/cli. */
export async function versionOfBuild(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return manifest.parse(JSON.parse(text)).version;
}

export async function version(): Promise<void> {
  process.stdout.write(`chancery ${await versionOfBuild()} (Node.js ${process.version})\n`);
}
