/**
 * Whether everything in a webhook that was answered with "received" is somewhere: in the journal, or set aside as it
 * came. Only news about nobody known may be passed over. Counts by itself, with nothing of what it checks.
 */
import type { AccountId } from '../../../src/model/ids.ts';
import { piecesOf } from '../set-aside.ts';
import { Fault } from '../target.ts';
import type { Delivered } from './webhook.ts';

export interface Accounting {
  readonly body: Buffer;
  readonly delivered: Delivered;
  readonly account: AccountId;
  readonly phoneNumberId: string;
  readonly has: (dedupeKey: string) => boolean;
}

/** Throws an `unaccounted`. */
export function accountFor({ body, delivered, account, phoneNumberId, has }: Accounting): void {
  const setAside = new Set(delivered.setAside.map(String).flatMap(piecesOf));
  if (setAside.has(String(body))) return;
  const missing = (what: string): Fault => new Fault('unaccounted', `${what} is neither stored nor set aside`);
  let shown = 0;
  let passedOver = 0;
  for (const change of changesIn(JSON.parse(new TextDecoder().decode(body)))) {
    if (setAside.has(JSON.stringify(change))) continue;
    const value = at(change, 'value');
    if (String(at(at(value, 'metadata'), 'phone_number_id')) !== phoneNumberId) throw missing('a change');
    const kept = (key: string): number =>
      listAt(value, key).filter((item) => !setAside.has(JSON.stringify(item))).length;
    shown += kept('messages') + kept('groups');
    passedOver += kept('statuses');
    if (['messages', 'groups', 'statuses', 'errors'].every((key) => at(value, key) == null)) throw missing('a value');
  }
  const news = delivered.events.filter(({ kind }) => kind !== 'delivery-receipt' && kind !== 'read-receipt');
  // A group's name and its people go beside the words that tell of them.
  const said = news.filter(({ kind }) => kind !== 'chat-info' && kind !== 'membership');
  if (said.length !== shown) throw missing(`one of ${shown} messages, of which ${said.length} were decoded,`);
  if (delivered.events.length - news.length > passedOver) throw missing('a status');
  for (const { id } of news) if (!has(`${account} ${id}`)) throw missing(`the event ${id}`);
}

function changesIn(body: unknown): unknown[] {
  return listAt(body, 'entry').flatMap((entry) => {
    const changes = at(entry, 'changes');
    return Array.isArray(changes) ? (changes as unknown[]) : [entry];
  });
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function listAt(value: unknown, key: string): unknown[] {
  const list = at(value, key);
  return Array.isArray(list) ? list : [];
}
