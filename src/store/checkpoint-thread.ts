/** The thread of `Checkpoints`: one checkpoint for each message, answered when it is over. */
import { parentPort, workerData } from 'node:worker_threads';
import { type CheckpointThreadData, checkpoint, endOfThread } from './checkpoints.ts';
import { openKeyed } from './keyed-connection.ts';

const { path, key } = workerData as CheckpointThreadData;
const database = openKeyed(path, key, false);

parentPort?.on('message', (message) => {
  if (message === endOfThread) {
    database.close();
    parentPort?.close();
    return;
  }
  // As much as is possible without keeping anybody waiting.
  checkpoint(database, 'PASSIVE');
  parentPort?.postMessage('done');
});
