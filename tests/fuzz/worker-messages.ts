/** What the conductor and its workers say to each other. */
import type { FaultKind } from './target.ts';

/** For the start of a worker. `progress` is where the worker notes what it is at: see `idle`. */
export interface WorkerStart {
  readonly seed: number;
  readonly progress: SharedArrayBuffer;
}

/** To the worker: these bodies of this target; both ends included. */
export interface Assignment {
  readonly target: string;
  /** Made and removed by the worker. */
  readonly directory: string;
  readonly first: number;
  readonly last: number;
  /** Instead of attacking: what is the body of `first`? */
  readonly bodyOnly?: boolean;
}

export interface Failure {
  readonly target: string;
  readonly kind: FaultKind;
  /** Undefined when it is not about one body. */
  readonly index: number | undefined;
  readonly words: string;
  /** Base64, cut. */
  readonly body: string;
}

/** From the worker. */
export type Report = { readonly done: true } | { readonly body: string } | { readonly failure: Failure };

/** In the place of an index: opening, closing, or waiting for an assignment. */
export const idle = -1;
