/** The thread of `SealingThread`: seals what it is handed, many together, and says up to where it came. */
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../base/errors.ts';
import { EntryFile } from '../store/ledger-file.ts';
import { EntryKeys } from '../vault/entry-keys.ts';
import { Sealing } from './sealing.ts';
import type { Batch, FromThread, SealingThreadData, ToThread } from './sealing-messages.ts';

/** So long what is handed over waits for company, unless somebody waits for it. */
const companyMs = 200;
/** So many entries, and one batch more, go to disk together. */
const together = 1_000;
const againMs = 1_000;

const { directory, databaseKey, keysFile, recipients } = workerData as SealingThreadData;
const file = new EntryFile(directory, databaseKey);
const keys = await EntryKeys.open(keysFile);
const sealing = new Sealing({ file, keys, recipients });
const tell = (message: FromThread): void => parentPort?.postMessage(message);

let waiting: Batch[] = [];
let running: Promise<void> | undefined;
let isEnding = false;
let hurry: () => void = () => undefined;

async function sealAll(): Promise<void> {
  while (waiting.length > 0 && sealing.isReady) {
    if (waiting.reduce((sum, { count }) => sum + count, 0) < together) await company();
    const some = taken();
    try {
      const opened = await sealing.seal(some);
      tell({ what: 'sealed', below: file.count(), opened });
    } catch (thrown) {
      waiting = [...some, ...waiting];
      tell({ what: 'trouble', words: messageOf(thrown) });
      if (isEnding) return;
      await delay(againMs);
    }
  }
}

async function company(): Promise<void> {
  if (isEnding) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, companyMs);
    hurry = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  hurry = () => undefined;
}

function taken(): Batch[] {
  let entries = 0;
  const end = waiting.findIndex(({ count }) => (entries += count) >= together);
  return waiting.splice(0, end === -1 ? waiting.length : end + 1);
}

function work(): void {
  running ??= sealAll().finally(() => {
    running = undefined;
  });
}

async function end(): Promise<void> {
  isEnding = true;
  hurry();
  await running;
  await sealAll();
  sealing.end();
  await keys.close();
  file.close();
  parentPort?.close();
}

async function answer(message: ToThread): Promise<void> {
  switch (message.what) {
    case 'seal':
      waiting.push(message.batch);
      return work();
    case 'hurry':
      return hurry();
    case 'new epoch':
      return tell({ what: 'epoch', ...(await sealing.newEpoch()) });
    case 'begin epoch':
      sealing.beginEpoch(message.id);
      return work();
    case 'end':
      return end();
  }
}

parentPort?.on('message', (message: ToThread) => {
  answer(message).catch((thrown: unknown) => {
    // Whoever began the thread is told, and it ends.
    setImmediate(() => {
      throw thrown;
    });
  });
});
