/** Numbers of entries as ranges, both ends included: ascending, apart from each other. */
export type NumberRange = readonly [from: number, to: number];
export type NumberRanges = readonly NumberRange[];

/** Of ascending numbers. */
export function rangesOf(numbers: Iterable<number>): NumberRange[] {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

export const countIn = (ranges: NumberRanges): number => ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);

/** What of them is below `end`. */
export const below = (end: number, ranges: NumberRanges): NumberRange[] =>
  ranges.flatMap(([from, to]): NumberRange[] => (from < end ? [[from, Math.min(to, end - 1)]] : []));

/** Whether they are whole numbers from 0, ascending and apart. */
export const areRanges = (ranges: NumberRanges): boolean =>
  ranges.every(
    ([from, to], place) =>
      Number.isSafeInteger(from) && Number.isSafeInteger(to) && from <= to && from > (ranges[place - 1]?.[1] ?? -1),
  );

/** The numbers, so many at once. */
export function* numbersIn(ranges: NumberRanges, atOnce: number): Generator<number[]> {
  let some: number[] = [];
  for (const [from, to] of ranges)
    for (let number = from; number <= to; number += 1) {
      some.push(number);
      if (some.length < atOnce) continue;
      yield some;
      some = [];
    }
  if (some.length > 0) yield some;
}
