/** What a forger can do who has a bag and no key of the agency: every list of it is made again. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Every file below a folder. */
export const below = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((path) => join(directory, path))
    .filter((path) => statSync(path).isFile());

/** Lists and counts of a bag once more, as its files are now. */
export function listAgain(bag: string): void {
  const sha512 = (path: string): string => createHash('sha512').update(readFileSync(path)).digest('hex');
  const list = (name: string, belongs: (path: string) => boolean): string[] => {
    const paths = below(bag).map((path) => relative(bag, path));
    const listed = paths.filter((path) => belongs(path) && path !== name).sort();
    writeFileSync(join(bag, name), listed.map((path) => `${sha512(join(bag, path))}  ${path}\n`).join(''));
    return listed;
  };
  const aid = join(bag, 'data/finding-aid.csv');
  const rows = readFileSync(aid, 'utf8').split('\r\n');
  writeFileSync(aid, rows.map((row) => describedAgain(bag, row, sha512)).join('\r\n'));
  const payload = list('manifest-sha512.txt', (path) => path.startsWith('data/'));
  const bytes = payload.reduce((sum, path) => sum + statSync(join(bag, path)).size, 0);
  const info = readFileSync(join(bag, 'bag-info.txt'), 'utf8');
  writeFileSync(
    join(bag, 'bag-info.txt'),
    info.replace(/^Payload-Oxum: .*$/m, `Payload-Oxum: ${bytes}.${payload.length}`),
  );
  list('tagmanifest-sha512.txt', (path) => !path.startsWith('data/'));
}

/** A row of the finding aid, as its file is now. */
function describedAgain(bag: string, row: string, sha512: (path: string) => string): string {
  const [, path = '', what = ''] = /^([^,]+),\d+,[0-9a-f]+,(.*)$/.exec(row) ?? [];
  const whole = join(bag, path);
  return path === '' || !existsSync(whole) ? row : [path, statSync(whole).size, sha512(whole), what].join(',');
}
