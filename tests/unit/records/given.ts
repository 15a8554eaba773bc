/** Bags that a real ledger gave. */
import { exportRecords, type RecordSource } from '../../../src/records/export.ts';
import type { RecordedHouse } from '../ledger/recorded.ts';

export async function recordedActs(house: RecordedHouse, words: readonly string[]): Promise<void> {
  for (const content of words)
    await house.store.write((unit) =>
      unit.ledger.record({ kind: 'act', at: 1_780_000_000_000, author: { user: '@ana:agency.example' }, content }),
    );
}

export const sourceOf = (house: RecordedHouse): RecordSource => ({
  head: () => house.archive.head(),
  epochs: () => house.epochs(),
  page: (_, after) => house.archive.page({}, after),
  media: async () => 'gone',
  proofs: (numbers, checkpoint) => house.archive.proofs(numbers, checkpoint),
  recordExport: ({ officer, manifest, ...content }) =>
    house.archive.recordProven({ kind: 'export', at: 1, author: { id: officer }, content, manifest }),
});

export async function bagOf(
  house: RecordedHouse,
  directory: string,
  redacted: readonly string[] = [],
  source = sourceOf(house),
): Promise<string> {
  await exportRecords(source, { asked: {}, redacted, officer: house.officer, directory, now: 1_790_000_000_000 });
  return directory;
}
