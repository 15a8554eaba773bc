/** What the demo itself remembers from one start to the next: how many conversations there were, and their room. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Remembered {
  readonly conversations: number;
  readonly room?: string | undefined;
}

export class Memory {
  readonly #file: string;
  #remembered: Remembered;

  constructor(folder: string) {
    this.#file = join(folder, 'memory.json');
    this.#remembered = existsSync(this.#file)
      ? (JSON.parse(readFileSync(this.#file, 'utf8')) as Remembered)
      : { conversations: 0 };
  }

  /** The room of all earlier conversations, once one was seen. */
  get room(): string | undefined {
    return this.#remembered.room;
  }

  /** A number no other conversation in this folder has, even when this one breaks off. */
  nextConversation(): number {
    this.#keep({ ...this.#remembered, conversations: this.#remembered.conversations + 1 });
    return this.#remembered.conversations;
  }

  keepRoom(room: string): void {
    this.#keep({ ...this.#remembered, room });
  }

  #keep(remembered: Remembered): void {
    this.#remembered = remembered;
    writeFileSync(this.#file, JSON.stringify(remembered), { mode: 0o600 });
  }
}
