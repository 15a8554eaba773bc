/** What was really seen of each step, side by side; of a step that was not seen, what was expected and where. */
import { styleText } from 'node:util';
import { boundMs, type Outcome, type SideOutcome } from './steps.ts';

const sideWidth = 17;
const longest = 200;

export function reportOf(outcomes: readonly Outcome[]): readonly string[] {
  const nameWidth = Math.max(...outcomes.map(({ name }) => name.length));
  const head = `     ${'step'.padEnd(nameWidth)}   ${"WhatsApp's log".padEnd(sideWidth)}official's /sync`;
  const rows = outcomes.map(({ name, phone, official }, index) => {
    const number = String(index + 1).padStart(2);
    return `  ${number} ${name.padEnd(nameWidth)}   ${shown(phone)}${shown(official)}`.trimEnd();
  });
  const broken = outcomes.find((outcome) => !wasSeen(outcome));
  return [styleText('dim', head), ...rows, '', ...(broken === undefined ? [] : explained(broken))];
}

export const wasSeen = ({ phone, official }: Outcome): boolean =>
  phone.seenAfterMs !== undefined && official.seenAfterMs !== undefined;

const shown = ({ seenAfterMs }: SideOutcome): string =>
  seenAfterMs === undefined
    ? styleText('red', 'NOT SEEN'.padEnd(sideWidth))
    : styleText('green', `after ${seenAfterMs} ms`.padEnd(sideWidth));

const explained = ({ name, phone, official }: Outcome): readonly string[] => [
  `Not really seen on both sides within ${boundMs / 1_000} s: ${name}.`,
  ...explainedSide("on the citizen's phone (the simulator's log)", phone),
  ...explainedSide('by the official (/sync)', official),
];

const explainedSide = (where: string, { expected, seenAfterMs, problem }: SideOutcome): readonly string[] => [
  `  expected ${where}: ${expected}: ${seenAfterMs === undefined ? 'NOT SEEN' : 'seen'}`,
  ...(problem ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `      ${line.slice(0, longest)}`),
];
