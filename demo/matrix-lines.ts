/** How the events and receipts of the official's /sync read in the transcript. Room settings make no line. */
import type { OrdinaryClient, SeenEvent, SeenReceipt } from '../tests/peers/matrix-client/ordinary-client.ts';
import { about, type Line, member, quote, said, textMember } from './line.ts';
import type { Names } from './names.ts';

export class MatrixLines {
  readonly #client: OrdinaryClient;
  readonly #names: Names;

  constructor(client: OrdinaryClient, names: Names) {
    this.#client = client;
    this.#names = names;
  }

  /** Undefined for what no client shows. */
  ofEvent(event: SeenEvent): Line | undefined {
    const { type, sender, content, state_key: stateKey } = event;
    if (type === 'm.room.member') return this.#membership(event, stateKey ?? sender);
    const relation = content['m.relates_to'];
    const who = this.#names.of(sender);
    const target = this.#quoted(textMember(relation, 'event_id'));
    switch (type) {
      case 'm.room.message':
      case 'm.sticker':
        return this.#message(who, content, target);
      case 'm.reaction':
        return said(`${who} reacts ${textMember(relation, 'key') ?? '?'} to ${target}`);
      case 'm.room.redaction':
        return said(`${who} takes something back`);
      case 'com.beeper.message_send_status':
        return about(this.#status(who, content, target));
      default:
        return undefined;
    }
  }

  ofReceipt({ event, user }: SeenReceipt): Line {
    return about(`${this.#names.of(user)} has read ${this.#quoted(event)}`);
  }

  #message(who: string, content: SeenEvent['content'], target: string): Line {
    const relation = content['m.relates_to'];
    const body = textMember(content, 'body') ?? '';
    if (textMember(relation, 'rel_type') === 'm.replace')
      return said(`${who} edits ${target}: ${textMember(content['m.new_content'], 'body') ?? ''}`);
    const repliedTo = textMember(member(relation, 'm.in_reply_to'), 'event_id');
    const head = repliedTo === undefined ? who : `${who}, at ${this.#quoted(repliedTo)}`;
    if (content['url'] === undefined) return said(`${head}: ${body}`);
    const file = textMember(content, 'filename') ?? body;
    return said(`${head}: [${file}]${file === body ? '' : ` ${body}`}`);
  }

  #status(who: string, content: SeenEvent['content'], target: string): string {
    const reached = content['delivered_to_users'];
    if (Array.isArray(reached) && reached.length > 0)
      return `${who}: delivered to ${reached.map((user) => this.#names.of(String(user))).join(', ')}: ${target}`;
    return `${who}: ${textMember(content, 'status') ?? 'status unknown'}: ${target}`;
  }

  #membership(event: SeenEvent, user: string): Line {
    this.#names.learn(user, event);
    const name = this.#names.of(user);
    switch (event.content['membership']) {
      case 'join':
        return about(`${name} is in the room`);
      case 'invite':
        return about(`${this.#names.of(event.sender)} invites ${name}`);
      default:
        return about(`${name} is not in the room any more`);
    }
  }

  #quoted(event: string | undefined): string {
    return quote(textMember(this.#client.events.find(({ event_id: id }) => id === event)?.content, 'body'));
  }
}
