/**
 * Login as a machine of steps, the same for the command line, the bot and a console. Each step may be repeated safely.
 * Secrets are asked for on the command line only, or in an encrypted room.
 */
export interface Question {
  readonly name: string;
  readonly prompt: string;
  /** Never echoed, never logged. */
  readonly secret: boolean;
  /** May be left empty; then this happens. */
  readonly whenEmpty?: string;
}

/** An account that a login has found good, ready to be kept. `key` is what makes it the same account next time. */
export interface NewAccount {
  readonly key: string;
  readonly displayName: string;
  readonly credentials: unknown;
}

export type LoginStep =
  | { readonly step: 'ask'; readonly questions: readonly Question[]; readonly problem?: string }
  | { readonly step: 'show-qr'; readonly data: string; readonly expiresAt: number }
  | { readonly step: 'wait'; readonly message: string }
  | { readonly step: 'done'; readonly account: NewAccount; readonly advice: readonly string[] };

export interface LoginFlow {
  begin(signal: AbortSignal): Promise<LoginStep>;
  /** Takes the answers to the last `ask`; a wrong one is asked for again with the problem named. */
  answer(answers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<LoginStep>;
}
