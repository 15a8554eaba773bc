/** Every message of every group, and the view that a member has of it on the phone. */
import type { Citizen } from './citizens.ts';
import type { Group } from './groups.ts';
import type { MediaFact } from './log-entry.ts';
import { type Message, wordsOf } from './message.ts';
import type { Step } from './statuses.ts';

export interface GroupMessage extends Message {
  readonly group: Group;
  /** Undefined: the business wrote it. */
  readonly citizen: Citizen | undefined;
  /** Only a template outside the window costs money, once for each whom it reaches. */
  readonly charged: boolean;
  /** Who sees it: those who were in the group when it was said. */
  readonly audience: readonly Citizen[];
  /** How far a message of the business has come with each of them. */
  readonly progress: Map<Citizen, Step>;
  readonly reactions: Map<Citizen, string>;
}

export interface GroupView {
  readonly group: string;
  /** Phone number id of the business. */
  readonly account: string;
  readonly subject: string;
  readonly description: string | null;
  /** False: this citizen sees what was said before, and nothing new. */
  readonly joined: boolean;
  /** Keys of the citizens who are in it. */
  readonly members: readonly string[];
  readonly messages: readonly GroupViewedMessage[];
}

interface Quote {
  readonly id: string;
  readonly from: 'citizen' | 'business';
  /** The key of the citizen who wrote it. */
  readonly author: string | null;
  /** The words that are seen: the text or the caption. */
  readonly text: string | null;
}

interface GroupViewedMessage extends Quote {
  readonly type: string;
  readonly content: unknown;
  readonly media: MediaFact | null;
  readonly replyTo: Quote | null;
  /** By the key of the citizen who reacted. */
  readonly reactions: Readonly<Record<string, string>>;
  /** How far a message of the business has come with this citizen. */
  readonly status: Step | null;
  readonly at: number;
}

export class GroupChats {
  readonly #byId = new Map<string, GroupMessage>();
  readonly #byGroup = new Map<Group, GroupMessage[]>();

  add(message: GroupMessage): void {
    this.#byId.set(message.id, message);
    if (message.from === 'citizen') message.group.lastWritten = message.at;
    if (message.type !== 'reaction') this.#said(message.group).push(message);
  }

  get(id: string): GroupMessage | undefined {
    return this.#byId.get(id);
  }

  /** What the business said and this citizen has not read yet, up to and with one message (or all). */
  unread(group: Group, citizen: Citizen, upTo: string | undefined): readonly GroupMessage[] {
    const said = this.#said(group);
    const end = upTo === undefined ? said.length : said.findIndex(({ id }) => id === upTo) + 1;
    return said
      .slice(0, end)
      .filter(({ from, audience }) => from === 'business' && audience.includes(citizen))
      .filter(({ progress }) => progress.get(citizen) !== 'read');
  }

  view(group: Group, citizen: Citizen): GroupView {
    return {
      group: group.id,
      account: group.account.phoneNumberId,
      subject: group.subject,
      description: group.description ?? null,
      joined: group.members.has(citizen),
      members: [...group.members].map(({ key }) => key),
      messages: this.#said(group)
        .filter(({ audience }) => audience.includes(citizen))
        .map((message) => this.#viewed(message, citizen)),
    };
  }

  #viewed(message: GroupMessage, citizen: Citizen): GroupViewedMessage {
    const quoted = message.replyTo === undefined ? undefined : this.#byId.get(message.replyTo);
    return {
      ...quoteOf(message),
      type: message.type,
      content: message.content,
      media: message.media ?? null,
      replyTo: quoted === undefined ? null : quoteOf(quoted),
      reactions: Object.fromEntries([...message.reactions].map(([who, emoji]) => [who.key, emoji])),
      status: message.progress.get(citizen) ?? null,
      at: message.at,
    };
  }

  #said(group: Group): GroupMessage[] {
    const known = this.#byGroup.get(group) ?? [];
    this.#byGroup.set(group, known);
    return known;
  }
}

function quoteOf(message: GroupMessage): Quote {
  return { id: message.id, from: message.from, author: message.citizen?.key ?? null, text: wordsOf(message) };
}
