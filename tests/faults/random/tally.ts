/** What a number of histories came to: the last line of the run. */
import type { faultKinds } from './oracle.ts';
import type { Outcome } from './play.ts';

export interface Tally extends Record<(typeof faultKinds)[number], number> {
  /** Processes that died by SIGKILL: the bridge or the homeserver. */
  readonly kills: number;
  /** Share of the kills that hit while something was on its way. */
  readonly in_flight: number;
  /** What people handed in on either side. */
  readonly sent: number;
}

const enoughInFlight = 0.8;

export function tallyOf(outcomes: readonly Outcome[]): Tally {
  const sum = (pick: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const found = (kind: (typeof faultKinds)[number]): number =>
    sum(({ findings }) => findings.filter((finding) => finding.kind === kind).length);
  const kills = sum((outcome) => outcome.kills);
  const inFlight = sum((outcome) => outcome.killsInFlight);
  return {
    kills,
    in_flight: kills === 0 ? 1 : Math.round((inFlight / kills) * 1_000) / 1_000,
    sent: sum((outcome) => outcome.sent),
    lost: found('lost'),
    doubled: found('doubled'),
    misordered: found('misordered'),
    uncertain: found('uncertain'),
    unexplained: found('unexplained'),
  };
}

export const isGood = ({ in_flight, lost, doubled, misordered, unexplained }: Tally): boolean =>
  lost + doubled + misordered + unexplained === 0 && in_flight >= enoughInFlight;
