/** A real ffmpeg, pinned: the program that comes with the Python package imageio-ffmpeg. */
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pythonEnvironment, type Say } from '../python-environment.ts';

const requirements = fileURLToPath(new URL('./requirements.txt', import.meta.url));

/** The path of the program; `say` hears what is going on. Throws an error that tells what to install. */
export async function installFfmpeg(say: Say = () => undefined): Promise<string> {
  const environment = await pythonEnvironment({ name: 'ffmpeg', title: 'ffmpeg', requirements }, say);
  const [program] = globSync(`${environment}/lib/python*/site-packages/imageio_ffmpeg/binaries/ffmpeg-*`);
  if (program === undefined) throw new Error(`${environment} holds no ffmpeg; remove it and try again`);
  return program;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await installFfmpeg(console.error));
