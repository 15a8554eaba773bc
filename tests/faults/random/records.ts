/**
 * Judges the ledger after a history: everything that people handed in is an entry, once, there is no gap in the
 * numbers, and all of it fits the tree.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportTo, recordsIn, verified } from '../../peers/given-records.ts';
import type { House } from '../../peers/house.ts';
import type { Handed } from './handed.ts';
import type { Finding } from './oracle.ts';

export async function judgeRecords(house: House, handed: readonly Handed[]): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'given-'));
  try {
    const bag = join(folder, 'bag');
    await exportTo(bag, house);
    const { code, told } = await verified(bag);
    const findings: Finding[] =
      code === 0 ? [] : [{ kind: 'unexplained', words: `the bag of records does not fit: ${told}` }];
    return [...findings, ...compared(recordsIn(bag), handed)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compared(records: ReturnType<typeof recordsIn>, handed: readonly Handed[]): Finding[] {
  const findings: Finding[] = [];
  for (const [place, { number }] of records.entries())
    if (number !== place) return [{ kind: 'lost', words: `entry ${place} of the ledger is not there` }];
  const said = records.filter(({ fields }) => fields['kind'] === 'message' || fields['kind'] === 'reaction');
  const times = Map.groupBy(said, ({ fields }) =>
    String(fields['direction'] === 'in' ? fields['remote'] : fields['event']),
  );
  for (const each of handed) {
    if (each.kind === 'reaction') continue;
    const id = each.side === 'in' ? each.message : each.event;
    const count = times.get(id)?.length ?? 0;
    if (count === 0) findings.push({ kind: 'lost', words: `${each.side} ${each.kind} ${id} is not on record` });
    if (count > 1)
      findings.push({ kind: 'doubled', words: `${each.side} ${each.kind} ${id} is ${count} times on record` });
  }
  return findings;
}
