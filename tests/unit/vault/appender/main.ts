/** Appends to the file of entry keys that it is told, until it is killed; prints the file's end after each append. */
import { writeSync } from 'node:fs';
import { EntryKeys } from '../../../../src/vault/entry-keys.ts';
import { wrappedOf } from './wrapped-of.ts';

const keys = await EntryKeys.open(process.argv[2] ?? '');
for (let group = 1; ; group = (group % 20) + 1) {
  const first = keys.end;
  await keys.append(
    first,
    Array.from({ length: group }, (_, at) => wrappedOf(first + at)),
  );
  writeSync(1, `${keys.end}\n`);
}
