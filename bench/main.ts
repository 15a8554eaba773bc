/**
 * `npm run bench -- NAME`: runs one benchmark. Progress goes to standard error; the last thing it does is to print its
 * figures as one JSON line on standard output. An unknown name ends with the names there are and exit code 2.
 */
import type { Bench } from './bench.ts';
import { burst } from './burst.ts';
import { core } from './core.ts';
import { idle } from './idle.ts';
import { inbound } from './inbound.ts';
import { latency } from './latency.ts';
import { ledger } from './ledger.ts';
import { media } from './media.ts';
import { outbound } from './outbound.ts';

const benches: readonly Bench[] = [latency, inbound, outbound, core, idle, burst, media, ledger];

const [name, ...more] = process.argv.slice(2);
const bench = more.length === 0 ? benches.find((each) => each.name === name) : undefined;
if (bench === undefined) {
  const problem =
    name === undefined
      ? 'Which benchmark?'
      : more.length > 0
        ? `One benchmark at a time, without options: \`${[name, ...more].join(' ')}\` is more.`
        : `There is no benchmark \`${name}\`.`;
  const offered = benches.map((each) => `  npm run bench -- ${each.name}    ${each.summary}`);
  console.error([problem, 'There are:', ...offered].join('\n'));
  process.exitCode = 2;
} else {
  console.log(JSON.stringify(await bench.run((line) => console.error(line))));
}
