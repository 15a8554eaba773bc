/** The fields of an entry, in the words of docs/record-format.md. */
import type { Happening } from '../model/happening.ts';

export interface Numbering {
  /** Within its chat, or within the house. */
  readonly seq: number;
  /** By our clock, in milliseconds since the Unix epoch. */
  readonly recorded: number;
  readonly network: string | undefined;
}

export function fieldsOf(
  happening: Happening,
  { seq, recorded, network }: Numbering,
): [name: string, value: unknown][] {
  const { chat, at, relates, ...rest } = happening;
  const fields: Record<string, unknown> = {
    ...rest,
    seq,
    at: asTime(at),
    recorded: asTime(recorded),
    provenance: 'A',
    ...(relates === undefined || Object.keys(relates).length === 0 ? {} : { relates }),
    ...(chat === undefined
      ? {}
      : {
          chat: { network, account: chat.accountId, id: chat.chatId, name: chat.name },
          // It was written as JSON by whoever keeps it.
          people: JSON.parse(chat.people) as unknown,
        }),
  };
  return Object.entries(fields).filter(([, value]) => value !== undefined);
}

/** RFC 3339, with milliseconds. A time that no calendar holds is said as it was told. */
function asTime(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString();
}
