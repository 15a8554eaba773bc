/** Tells what is being done, how long it takes while it takes long, and how long it took. */
const tickMs = 5_000;

export class Progress {
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  say(line: string): void {
    this.#print(`  ${line}`);
  }

  async during<Result>(what: string, doing: () => Promise<Result>): Promise<Result> {
    const began = performance.now();
    const seconds = (digits: number): string => ((performance.now() - began) / 1_000).toFixed(digits);
    const ticking = setInterval(() => this.say(`${what}: still at it after ${seconds(0)} s`), tickMs);
    try {
      const result = await doing();
      this.say(`${what}: ready after ${seconds(1)} s`);
      return result;
    } finally {
      clearInterval(ticking);
    }
  }
}
