/** Display names of Matrix users, as the rooms they share with the official tell them. */
import type { OrdinaryClient, SeenEvent } from '../tests/peers/matrix-client/ordinary-client.ts';
import { textMember } from './line.ts';

export class Names {
  readonly #client: OrdinaryClient;
  readonly #names = new Map<string, string>();
  readonly #rooms = new Set<string>();

  constructor(client: OrdinaryClient) {
    this.#client = client;
  }

  /** The user id where no name is known. */
  of(user: string): string {
    return this.#names.get(user) ?? user;
  }

  /** Asks for the members of a room that is new here: /sync tells only of changes. Never fails. */
  async enter(room: string): Promise<void> {
    if (this.#rooms.has(room)) return;
    this.#rooms.add(room);
    try {
      for (const [user, { display_name: name }] of Object.entries(await this.#client.members(room)))
        if (typeof name === 'string') this.#names.set(user, name);
    } catch {
      this.#rooms.delete(room);
    }
  }

  /** A membership event carries the name. */
  learn(user: string, { content }: SeenEvent): void {
    const name = textMember(content, 'displayname');
    if (name !== undefined) this.#names.set(user, name);
  }
}
