/** Which entries are meant, as an officer finds them: what can be told from outside, and of a person what concerns them. */
import type { OfficerKey } from '../vault/officer-key.ts';
import { type Asked, concerns, type RecordSource } from './export.ts';
import { Opening } from './opening.ts';

/**
 * The numbers of the chats' entries, ascending; without those that are destroyed, and without the house's, which say who
 * did what. Throws `CH-RECORDS-*` where an entry would have to be opened and does not open.
 */
export async function chosen(source: RecordSource, asked: Asked, officer: OfficerKey): Promise<number[]> {
  const opening = new Opening(await source.epochs(), officer);
  const numbers: number[] = [];
  try {
    for (let after = -1, isLast = false; !isLast; ) {
      const page = await source.page(asked, after);
      for (const entry of page.entries) {
        after = entry.number;
        if (entry.key === 'destroyed' || entry.isOfHouse) continue;
        if (asked.contact !== undefined && !concerns(await opening.open(entry), asked.contact)) continue;
        numbers.push(entry.number);
      }
      isLast = page.isLast || page.entries.length === 0;
    }
  } finally {
    opening.close();
  }
  return numbers;
}
