/**
 * `npm run demo`: a real homeserver, the bridge and a simulated WhatsApp, a conversation between a citizen and an
 * official, and then the floor is yours. Exit code 0 when every step was really seen on both sides, 1 when something
 * was not or failed, 2 for a wrong option, 128 and the signal's number when it was stopped before the end.
 */
import { fileURLToPath } from 'node:url';
import { claim } from './only-one.ts';
import { readOptions, usage, WrongOption } from './options.ts';
import { run } from './run.ts';
import { Stopped, Stopping } from './stopping.ts';

const folder = fileURLToPath(new URL('../.chancery/demo', import.meta.url));
const print = (line: string): void => console.log(line);

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options.help) {
      print(usage);
      return 0;
    }
    const stopping = new Stopping();
    const claimed = await claim(folder);
    try {
      return await run({ options, stopping, folder, print });
    } finally {
      await claimed.release();
    }
  } catch (thrown) {
    console.error(`\n${thrown instanceof Error ? thrown.message : String(thrown)}`);
    if (thrown instanceof Stopped) return thrown.exitCode;
    return thrown instanceof WrongOption ? 2 : 1;
  }
}
