/** The dashboard and the alerts ask for nothing that the bridge does not tell, and the dashboard shows all that it does. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { Metrics } from '../../../src/base/metrics.ts';

const docs = join(resolve(import.meta.dirname, '../../..'), 'docs');
const read = (path: string): string => readFileSync(join(docs, path), 'utf8');

const panel = z.looseObject({
  id: z.int(),
  type: z.string(),
  title: z.string().min(1),
  gridPos: z.strictObject({ x: z.int(), y: z.int(), w: z.int().min(1), h: z.int().min(1) }),
  targets: z.array(z.looseObject({ refId: z.string(), expr: z.string().min(1) })).default([]),
});
const dashboard = z
  .looseObject({
    title: z.literal('Chancery'),
    uid: z.string(),
    schemaVersion: z.int(),
    templating: z.looseObject({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
    panels: z.array(panel).min(1),
  })
  .parse(JSON.parse(read('grafana/chancery.json')));
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

const metrics = new Metrics();
metrics.measureProcess('');
const told = z
  .array(z.object({ name: z.string(), type: z.string(), labelNames: z.array(z.string()) }))
  .parse(metrics.registry.getMetricsAsArray());
const seriesOf = ({ name, type }: { name: string; type: string }): string[] =>
  type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name];
const known = new Map(told.flatMap((metric) => seriesOf(metric).map((series) => [series, metric.labelNames])));

const seriesIn = (text: string): string[] => text.match(/\b(?:chancery|process|nodejs)_[a-z0-9_]+/g) ?? [];
/** What Prometheus and PromQL themselves bring. */
const labelsOfOthers = new Set(['instance', 'job', 'le']);

/** Labels that are matched or grouped by, anywhere in the expression. */
function labelsIn(expression: string): string[] {
  const matched = Array.from(expression.matchAll(/([a-z_]+)(?:=~|!~|!=|=)"/g), ([, label = '']) => label);
  const grouped = Array.from(expression.matchAll(/\bby \(([^)]*)\)/g), ([, labels = '']) => labels.split(/, */)).flat();
  return [...matched, ...grouped].filter((label) => !labelsOfOthers.has(label));
}

function unknownIn(expression: string): string[] {
  const series = seriesIn(expression);
  const labels = new Set(series.flatMap((name) => known.get(name) ?? []));
  return [
    ...series.filter((name) => !known.has(name)),
    ...labelsIn(expression).filter((label) => !labels.has(label)),
    ...(series.length === 0 ? ['no metric at all'] : []),
  ];
}

describe('the dashboard', () => {
  test('asks only for metrics and labels that exist', () => {
    expect(expressions.length).toBeGreaterThan(20);
    for (const expression of expressions) expect([expression, unknownIn(expression)]).toEqual([expression, []]);
  });

  test('shows every metric of our own', () => {
    const shown = new Set(expressions.flatMap(seriesIn));
    const own = told.filter(({ name }) => name.startsWith('chancery_'));
    expect(own.filter((metric) => !seriesOf(metric).some((series) => shown.has(series)))).toEqual([]);
  });

  test('has its panels side by side within 24 columns, each with an id of its own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });

  test('uses only variables that it defines, or that Grafana brings', () => {
    const brought = ['__rate_interval', '__all'];
    const defined = [...dashboard.templating.list.map(({ name }) => name), ...brought];
    const used = new Set(Array.from(read('grafana/chancery.json').matchAll(/\$\{?(\w+)/g), ([, name]) => name));
    expect([...used].filter((name) => name === undefined || !defined.includes(name))).toEqual([]);
  });
});

test('a metric or a label that does not exist is noticed', () => {
  expect(unknownIn('sum(chancery_lanes_lost)')).toEqual(['chancery_lanes_lost']);
  expect(unknownIn('sum by (colour) (chancery_lanes_parked{room="!a"})')).toEqual(['room', 'colour']);
  expect(unknownIn('rate(chancery_commit_seconds[5m])')).toEqual(['chancery_commit_seconds']);
});

test('the alerts of the operations page are YAML, and ask only for metrics and labels that exist', () => {
  const rules = z.object({ groups: z.array(z.object({ rules: z.array(z.looseObject({ expr: z.string() })) })) });
  const blocks = Array.from(read('operations.md').matchAll(/```yaml\n(.*?)```/gs), ([, text = '']): unknown =>
    parse(text),
  );
  const alerts = blocks.flatMap((block) => rules.safeParse(block).data?.groups.flatMap((group) => group.rules) ?? []);
  expect(alerts.length).toBeGreaterThan(5);
  for (const { expr } of alerts) if (!expr.startsWith('up{')) expect([expr, unknownIn(expr)]).toEqual([expr, []]);
});
