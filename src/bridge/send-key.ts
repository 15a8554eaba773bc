/** What goes along with a send so that the network's later words about it are recognised. Opaque; says nothing. */
import { createHash } from 'node:crypto';
import { asId, type JournalId, type SendKey } from '../model/ids.ts';
import type { BridgeContext } from './context.ts';

/** The same part always has the same key. */
export function sendKeyOf({ identifiers }: BridgeContext, event: string, row: JournalId, number: number): SendKey {
  const digest = createHash('sha256').update(`${identifiers.bot} ${event} ${row} ${number}`).digest('base64url');
  return asId<SendKey>(`chancery:${digest}`);
}
