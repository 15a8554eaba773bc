/** What an examination of the configuration, the homeserver or an account found. */

/** `good`: nothing to do. `warning`: the bridge works, but not all that it could. `fault`: to be mended first. */
export type Severity = 'good' | 'warning' | 'fault';

export interface Finding {
  /** A stable name for scripts, such as `homeserver.reachable`. */
  readonly check: string;
  readonly severity: Severity;
  readonly words: string;
  /** What to change; absent where nothing is to be done. */
  readonly advice?: string;
}

export const good = (check: string, words: string): Finding => ({ check, severity: 'good', words });
export const warning = (check: string, words: string, advice: string): Finding => ({
  check,
  severity: 'warning',
  words,
  advice,
});
export const fault = (check: string, words: string, advice: string): Finding => ({
  check,
  severity: 'fault',
  words,
  advice,
});
