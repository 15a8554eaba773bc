/** The points where fault tests kill the process are real, and cost nothing to those who do not listen. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { namedPointChannel, namedPoints, reached } from '../../../src/base/named-points.ts';

test('who listens hears the name of each point that is passed, in order', () => {
  const heard: unknown[] = [];
  const listen = (point: unknown): void => void heard.push(point);
  subscribe(namedPointChannel, listen);
  for (const point of namedPoints) reached(point);
  unsubscribe(namedPointChannel, listen);
  reached('inbound.done');
  expect(heard).toEqual([...namedPoints]);
});

test('every point is passed somewhere in the bridge', () => {
  const root = new URL('../../../src/', import.meta.url);
  const source = globSync(['bridge/*.ts', 'ledger/*.ts'], { cwd: root }).map((file) =>
    readFileSync(new URL(file, root), 'utf8'),
  );
  const missing = namedPoints.filter((point) => !source.some((text) => text.includes(`reached('${point}')`)));
  expect(missing).toEqual([]);
});
