/**
 * What became of a message, for those who run the bridge: it is counted, and a line of the log names it by its portal
 * and its row in the journal. What it says, and whose it is, stands nowhere here.
 */
import type { CountedMessage } from '../base/metrics.ts';
import type { JournalId, PartId } from '../model/ids.ts';
import type { Part } from '../store/parts.ts';
import type { Portal } from '../store/portals.ts';
import type { BridgeContext } from './context.ts';

export interface SettledMessage extends Omit<CountedMessage, 'network'> {
  readonly portal: Portal;
  readonly row: JournalId;
  readonly part?: PartId;
}

const levels = { passed_on: 'debug', failed: 'info', uncertain: 'warn', undelivered: 'info' } as const;

export function tellOutcome({ metrics, log, sessions }: BridgeContext, settled: SettledMessage): void {
  const { portal, direction, kind, outcome, row, part } = settled;
  metrics.count({ network: sessions.networkOf(portal.accountId) ?? 'unknown', direction, kind, outcome });
  const named = { portal: portal.id, row, ...(part === undefined ? {} : { part }) };
  log[levels[outcome]]({ ...named, direction, kind, outcome }, 'what became of a message');
}

/** Of a message of an official, once nothing more is to be done about its parts for now. */
export function outcomeOf(parts: readonly Pick<Part, 'state'>[]): 'passed_on' | 'failed' | 'uncertain' {
  if (parts.some(({ state }) => state === 'failed')) return 'failed';
  return parts.some(({ state }) => state === 'uncertain') ? 'uncertain' : 'passed_on';
}
