/** docs/metrics.md, made from the registry: it cannot name a metric that does not exist, or leave one out. */
import { z } from 'zod';
import { labelMeanings, Metrics } from '../base/metrics.ts';

/** What the library's metrics tell of themselves. */
const described = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  labelNames: z.array(z.string()),
});

type Described = z.output<typeof described>;

const opening = `# Metrics

What \`GET /metrics\` tells, in Prometheus' text format, where \`monitoring.port\` is set; see
[operations.md](operations.md) for how to scrape it and what to be woken for, and
[grafana/chancery.json](grafana/chancery.json) for a dashboard. Times are in seconds. A histogram has three series:
\`_bucket\`, \`_sum\` and \`_count\`. Counters and histograms begin at nothing with each start of the bridge; gauges about
what waits are read from the database when somebody asks. No label holds an id, a number or a name of anybody.

Generated from src/base/metrics.ts by \`npm run generate\`.
`;

export function metricsPage(): string {
  const metrics = new Metrics();
  metrics.measureProcess('');
  const all = z.array(described).parse(metrics.registry.getMetricsAsArray());
  const own = all.filter(({ name }) => name.startsWith('chancery_'));
  const used = Object.entries(labelMeanings).filter(([label]) =>
    own.some(({ labelNames }) => labelNames.includes(label)),
  );
  return [
    opening,
    table(['metric', 'type', 'labels', 'meaning'], own.map(row)),
    '## Labels\n',
    table(
      ['label', 'what it says'],
      used.map(([label, meaning]) => [code(label), meaning]),
    ),
    '## The process\n\nWhat Node.js knows of it, under the names that are usual for every Node.js program.\n',
    table(['metric', 'type', 'labels', 'meaning'], all.filter((metric) => !own.includes(metric)).map(row)),
  ].join('\n');
}

const row = ({ name, type, labelNames, help }: Described): string[] => [
  code(name),
  type,
  labelNames.map(code).join(', '),
  help,
];

const code = (text: string): string => `\`${text}\``;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [line(head), `|${'---|'.repeat(head.length)}\n`, ...rows.map(line)].join('');
}
