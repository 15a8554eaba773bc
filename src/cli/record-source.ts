/** The ledger of the running bridge, as a command of an officer reads it over the socket for that. */
import type { z } from 'zod';
import { messageOf } from '../base/errors.ts';
import { BrokenOff, type HandedMedia } from '../records/bagged-media.ts';
import type { RecordSource } from '../records/export.ts';
import type { WrappedEpoch } from '../records/opening.ts';
import { type ControlClient, ControlRefusal } from './control-client.ts';
import { exportRecorded, recordsEpochs, recordsHead, recordsPage, recordsProofs } from './records-routes.ts';

const withinMs = 60_000;

export function recordSourceOver(client: ControlClient): RecordSource {
  const ask = <Shape extends z.ZodType>(shape: Shape, path: string, body?: unknown): Promise<z.output<Shape>> =>
    client.ask(shape, { path, ...(body === undefined ? {} : { body }), timeoutMs: withinMs });
  return {
    head: () => ask(recordsHead, '/records/head'),
    epochs: () => allEpochs(client),
    async page(asked, after) {
      const { entries, isLast } = await ask(recordsPage, '/records/page', { asked, after });
      return {
        isLast,
        entries: entries.map(({ key, ...entry }) => ({ ...entry, key: typeof key === 'string' ? key : key.wrapped })),
      };
    },
    proofs: async (numbers, checkpoint) =>
      (await ask(recordsProofs, '/records/proofs', { numbers, checkpoint })).proofs,
    media: (mxc, bytes) => mediaOver(client, mxc, bytes),
    recordExport: (about) => ask(exportRecorded, '/records/exports', about),
  };
}

async function mediaOver(client: ControlClient, mxc: string, bytes: number): Promise<HandedMedia> {
  try {
    return whole(await client.stream({ path: '/records/media', body: { mxc, bytes }, timeoutMs: withinMs }));
  } catch (thrown) {
    if (!(thrown instanceof ControlRefusal)) throw thrown;
    if (thrown.code === 'CH-MEDIA-TOO-LARGE') return 'too large';
    // An address that is none leads nowhere.
    if (thrown.code === 'CH-MEDIA-GONE' || thrown.code === 'CH-HTTP-BAD-BODY') return 'gone';
    throw thrown;
  }
}

async function* whole(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (thrown) {
    throw new BrokenOff(messageOf(thrown), { cause: thrown });
  }
}

/** In order. */
export async function allEpochs(client: ControlClient): Promise<WrappedEpoch[]> {
  const all: WrappedEpoch[] = [];
  for (;;) {
    const body = { after: all.at(-1)?.id ?? 0 };
    const { epochs } = await client.ask(recordsEpochs, { path: '/records/epochs/page', body, timeoutMs: withinMs });
    if (epochs.length === 0) return all;
    all.push(...epochs);
  }
}
