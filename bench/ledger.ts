/** What the ledger costs: the bench `core` with it and without it, in turns; and what an archive of years costs. */
import { archiveFigures } from './archive.ts';
import type { Bench } from './bench.ts';
import { coreOnce } from './core.ts';
import { percentile } from './percentile.ts';
import { rounded } from './rounded.ts';

const rounds = 3;

export const ledger: Bench = {
  name: 'ledger',
  summary: 'what the ledger costs: core with it and without it, in turns, and a million entries (ten minutes)',
  async run(say) {
    const ratios: number[] = [];
    const rates: number[] = [];
    let largestMb = 0;
    for (let round = 0; round < rounds; round += 1) {
      const order = round % 2 === 0 ? [false, true] : [true, false];
      const perSecond = new Map<boolean, number>();
      for (const recorded of order) {
        const figures = await coreOnce(say, recorded);
        perSecond.set(recorded, figures.per_s);
        if (recorded) largestMb = Math.max(largestMb, figures.rss_mb);
      }
      const [without = 0, with_ = 0] = [perSecond.get(false), perSecond.get(true)];
      say(`round ${round + 1}: ${without} a second without, ${with_} with the ledger`);
      ratios.push(with_ / without);
      rates.push(with_);
    }
    return {
      ...(await archiveFigures(say)),
      core_ratio:
        Math.round(
          percentile(
            ratios.map((ratio) => ratio * 1_000),
            0.5,
          ),
        ) / 1_000,
      core_per_s: percentile(rates, 0.5),
      rss_mb: rounded(largestMb),
    };
  },
};
