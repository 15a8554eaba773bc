/** Prints, as it happens, what each side really received: the official by /sync, the phone by the simulator's log. */
import { setTimeout as delay } from 'node:timers/promises';
import type { OrdinaryClient } from '../tests/peers/matrix-client/ordinary-client.ts';
import type { SimulatedWhatsApp } from '../tests/peers/whatsapp-cloud/simulated-whatsapp.ts';
import type { Columns } from './columns.ts';
import { MatrixLines } from './matrix-lines.ts';
import { Names } from './names.ts';
import type { WhatsAppLines } from './whatsapp-lines.ts';
import { within } from './within.ts';

export interface TranscriptOptions {
  readonly official: OrdinaryClient;
  /** Events of earlier starts: not printed again. */
  readonly before: ReadonlySet<string>;
  readonly whatsapp: SimulatedWhatsApp;
  readonly whatsappLines: WhatsAppLines;
  readonly columns: Columns;
}

const lookEveryMs = 20;
const longPollMs = 1_000;
const catchUpMs = 5_000;
const ctrlCMs = 500;

export class Transcript {
  readonly #options: TranscriptOptions;
  readonly #names: Names;
  readonly #matrixLines: MatrixLines;
  #stopped = false;
  #events = 0;
  #receipts = 0;
  #entries = 0;

  constructor(options: TranscriptOptions) {
    this.#options = options;
    this.#names = new Names(options.official);
    this.#matrixLines = new MatrixLines(options.official, this.#names);
  }

  /** Follows both sides until `stop`. `say` hears why one cannot be followed any more. */
  start(say: (line: string) => void): void {
    for (const following of [this.#followMatrix(), this.#followWhatsApp()])
      following.catch(async (thrown: unknown) => {
        // Ctrl-C reaches the simulator as well, and may be heard there first.
        await delay(ctrlCMs);
        if (!this.#stopped) say(`The transcript breaks off: ${String(thrown)}`);
      });
  }

  /** Resolves when everything that both sides have received by now is printed; rejects when that takes too long. */
  async caughtUp(): Promise<void> {
    await within(catchUpMs, this.#catchUp());
  }

  stop(): void {
    this.#stopped = true;
  }

  async #catchUp(): Promise<void> {
    const { official, whatsapp } = this.#options;
    const [events, receipts] = [official.events.length, official.receipts.length];
    const entries = (await whatsapp.everything()).length;
    while (!this.#stopped && (this.#events < events || this.#receipts < receipts || this.#entries < entries))
      await delay(lookEveryMs);
  }

  async #followMatrix(): Promise<void> {
    const { official, before, columns } = this.#options;
    while (!this.#stopped) {
      for (const event of official.events.slice(this.#events)) {
        await this.#names.enter(event.room_id);
        this.#events += 1;
        const line = this.#matrixLines.ofEvent(event);
        if (line !== undefined && !before.has(event.event_id)) columns.row('matrix', line.weight, line.words);
      }
      for (const receipt of official.receipts.slice(this.#receipts)) {
        this.#receipts += 1;
        const line = this.#matrixLines.ofReceipt(receipt);
        if (!before.has(receipt.event)) columns.row('matrix', line.weight, line.words);
      }
      await delay(lookEveryMs);
    }
  }

  async #followWhatsApp(): Promise<void> {
    const { whatsapp, whatsappLines, columns } = this.#options;
    while (!this.#stopped) {
      const { entries, next } = await whatsapp.log(this.#entries, longPollMs);
      for (const entry of entries) {
        const line = whatsappLines.ofEntry(entry);
        if (line !== undefined) columns.row('whatsapp', line.weight, line.words);
      }
      this.#entries = next;
    }
  }
}
