/** What a benchmark is: one file that exports one of these, and one line in the list of `main.ts`. */

/** Progress, for whoever waits; never part of the result. */
export type Say = (line: string) => void;

/** Becomes the one JSON line. A name ends with its unit: `_ms`, `_mb`, `_per_second`; a bare one is a count. */
export type Figures = Readonly<Record<string, number>>;

export interface Bench {
  readonly name: string;
  /** What it measures, in a few words. */
  readonly summary: string;
  /** Starts what it needs and ends it again, also when it fails. */
  readonly run: (say: Say) => Promise<Figures>;
}
