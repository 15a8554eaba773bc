/** Puts several events into one webhook body, in the three ways that Meta does. */
import type { WebhookEvent, WebhookValue } from './webhook-shapes.ts';

type BatchStyle = 'messages' | 'changes' | 'entries';

interface Change {
  readonly field: string;
  readonly value: unknown;
}

/** The body for events that all go to the same address. */
export function webhookBody(events: readonly WebhookEvent[], style: BatchStyle): object {
  if (style === 'entries')
    return wrap(events.map((event) => ({ id: event.account.wabaId, changes: [changeOf(event)] })));
  const byAccount = Map.groupBy(events, (event) => event.account.wabaId);
  return wrap(
    [...byAccount].map(([id, ofAccount]) => {
      const changes = ofAccount.map(changeOf);
      return { id, changes: style === 'messages' ? changes.reduce(merge, []) : changes };
    }),
  );
}

const wrap = (entry: readonly object[]): object => ({ object: 'whatsapp_business_account', entry });
const changeOf = ({ field, value }: WebhookEvent): Change => ({ field, value });

/** Joins a change to the one before it when both bring messages, or both statuses, for one number. */
function merge(done: readonly Change[], change: Change): readonly Change[] {
  const last = done.at(-1);
  if (last?.field !== change.field || !isValue(last.value) || !isValue(change.value)) return [...done, change];
  const joined = join(last.value, change.value);
  return joined === undefined ? [...done, change] : [...done.slice(0, -1), { field: change.field, value: joined }];
}

function join(first: WebhookValue, second: WebhookValue): WebhookValue | undefined {
  if (JSON.stringify(first.metadata) !== JSON.stringify(second.metadata)) return undefined;
  const contacts = [
    ...new Map(
      [...(first.contacts ?? []), ...(second.contacts ?? [])].map((contact) => [JSON.stringify(contact), contact]),
    ).values(),
  ];
  const both = { ...first, ...(contacts.length > 0 ? { contacts } : {}) };
  if (first.messages !== undefined && second.messages !== undefined)
    return { ...both, messages: [...first.messages, ...second.messages] };
  if (first.statuses !== undefined && second.statuses !== undefined)
    return { ...both, statuses: [...first.statuses, ...second.statuses] };
  return undefined;
}

function isValue(value: unknown): value is WebhookValue {
  return typeof value === 'object' && value !== null && 'metadata' in value;
}
