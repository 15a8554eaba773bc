/** One run of the demo in its folder: install, open the stage, play, go on until told to stop, leave nothing behind. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { installSynapse } from '../tests/peers/synapse/install.ts';
import { canType, typeAsCitizen } from './citizen-at-keyboard.ts';
import { startGuard } from './guard.ts';
import { invitation } from './invitation.ts';
import { endLeftovers } from './leftovers.ts';
import { Memory } from './memory.ts';
import type { DemoOptions } from './options.ts';
import { citizen } from './people.ts';
import { play } from './play.ts';
import { Progress } from './progress.ts';
import { checkRememberedPorts } from './remembered-ports.ts';
import { Stage } from './stage.ts';
import { endChildren, Stopped, type Stopping } from './stopping.ts';

export interface RunOptions {
  readonly options: DemoOptions;
  readonly stopping: Stopping;
  readonly folder: string;
  readonly print: (line: string) => void;
}

const paceMs = 500;
const closeWithinMs = 20_000;
/** Half a stage is not worth the wait: what is left of it ends with the process. */
const openWithinMs = 2_000;

/** Resolves to the exit code. Throws `Stopped` when it was stopped before the conversation was over. */
export async function run({ options, stopping, folder, print }: RunOptions): Promise<number> {
  print('\nChancery: the demo\n');
  const progress = new Progress(print);
  if ((await endLeftovers(folder)) > 0) progress.say('Ended what a demo that was killed had left running');
  if (options.reset) rmSync(folder, { recursive: true, force: true });
  makeFolder(folder);
  await install(progress, stopping);
  await checkRememberedPorts(folder);
  const guard = startGuard(folder);
  const stage = await open(folder, progress, stopping);
  try {
    await stopping.unless(stage.startBridge(progress));
    print('');
    const memory = new Memory(folder);
    const playing = play({ stage, memory, folder, paceMs: options.once ? 0 : paceMs, print });
    const everyStepSeen = await stopping.unless(playing);
    if (options.once || !everyStepSeen) return everyStepSeen ? 0 : 1;
    return await goOn(stage, stopping, print);
  } finally {
    if (await closed(stage.close())) guard.dismiss();
  }
}

/** Temporary files lie there as well, so that nothing is left elsewhere, whatever happens. */
function makeFolder(folder: string): void {
  const temporary = join(folder, 'tmp');
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  process.env['TMPDIR'] = temporary;
}

async function install(progress: Progress, stopping: Stopping): Promise<void> {
  const installing = progress.during('Synapse in .chancery/synapse', () =>
    installSynapse((line) => progress.say(line)),
  );
  try {
    await stopping.unless(installing);
  } catch (thrown) {
    if (!(thrown instanceof Stopped)) throw thrown;
    endChildren();
    await closed(installing);
    throw thrown;
  }
}

async function open(folder: string, progress: Progress, stopping: Stopping): Promise<Stage> {
  const opening = Stage.open(folder, progress);
  try {
    return await stopping.unless(opening);
  } catch (thrown) {
    if (!(thrown instanceof Stopped)) throw thrown;
    const closing = opening.then((stage) => stage.close());
    await closed(closing, openWithinMs);
    throw thrown;
  }
}

/** Until somebody stops it (0), or a part of it ends by itself (1). */
async function goOn(stage: Stage, stopping: Stopping, print: (line: string) => void): Promise<number> {
  const { synapse, secrets, whatsapp } = stage.house;
  const isTypable = canType();
  for (const line of invitation({ homeserver: synapse.url, password: secrets.password, isTypable })) print(line);
  if (isTypable) typeAsCitizen(whatsapp, citizen.phone, print).catch((thrown: unknown) => print(String(thrown)));
  try {
    print(await stopping.unless(stage.brokenPart(stopping.signal)));
    return 1;
  } catch (thrown) {
    if (!(thrown instanceof Stopped) && !stopping.signal.aborted) throw thrown;
    print('\nEnding everything. The data is kept.');
    return 0;
  }
}

/** Whether it came to its end, well or not, within the time. */
async function closed(closing: Promise<unknown>, withinMs = closeWithinMs): Promise<boolean> {
  const inTime = Promise.allSettled([closing]).then(() => true);
  return Promise.race([inTime, delay(withinMs, false)]);
}
