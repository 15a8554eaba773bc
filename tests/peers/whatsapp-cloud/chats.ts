/** Every message of every chat, and the view that a citizen has of it on the phone. */
import type { AccountConfig } from './options.ts';
import type { Citizen } from './citizens.ts';
import type { MediaFact, StatusName } from './log-entry.ts';
import { type Message, wordsOf } from './message.ts';

interface Reactions {
  citizen?: string | undefined;
  business?: string | undefined;
}

export interface ChatMessage extends Message {
  readonly citizen: Citizen;
  /** False: accepted from the business, but the citizen never sees it. */
  readonly visible: boolean;
  status: StatusName | 'accepted';
  readByBusiness: boolean;
  readonly reactions: Reactions;
}

export interface ChatView {
  readonly account: string;
  readonly citizen: string;
  readonly name: string;
  /** The business shows that it is typing (25 s at most, and until it sends). */
  readonly typing: boolean;
  readonly messages: readonly ViewedMessage[];
}

export interface ViewedMessage {
  readonly id: string;
  readonly from: 'citizen' | 'business';
  readonly type: string;
  /** The words that are seen: the text or the caption. */
  readonly text: string | null;
  readonly content: unknown;
  readonly media: MediaFact | null;
  readonly replyTo: { readonly id: string; readonly text: string | null; readonly from: 'citizen' | 'business' } | null;
  readonly reactions: Readonly<Reactions>;
  readonly status: StatusName | 'accepted' | null;
  readonly readByBusiness: boolean;
  readonly at: number;
}

interface Chat {
  readonly messages: ChatMessage[];
  lastFromCitizen: number | undefined;
  typingUntil: number;
}

const typingMs = 25_000;

export class Chats {
  readonly #byId = new Map<string, ChatMessage>();
  readonly #chats = new Map<string, Chat>();

  add(message: ChatMessage): void {
    this.#byId.set(message.id, message);
    const chat = this.#chat(message.account, message.citizen);
    if (message.type !== 'reaction') chat.messages.push(message);
    if (message.from === 'citizen') chat.lastFromCitizen = message.at;
    else chat.typingUntil = 0;
  }

  get(id: string): ChatMessage | undefined {
    return this.#byId.get(id);
  }

  react(target: ChatMessage, who: 'citizen' | 'business', emoji: string | null): void {
    target.reactions[who] = emoji ?? undefined;
  }

  /** When the citizen last wrote to this number, or undefined. */
  lastFromCitizen(account: AccountConfig, citizen: Citizen): number | undefined {
    return this.#chat(account, citizen).lastFromCitizen;
  }

  showTyping(account: AccountConfig, citizen: Citizen, now: number): void {
    this.#chat(account, citizen).typingUntil = now + typingMs;
  }

  /** What the business sent and the citizen has not read yet, up to and with one message (or all). */
  unread(account: AccountConfig, citizen: Citizen, upTo: string | undefined): readonly ChatMessage[] {
    const sent = this.#chat(account, citizen).messages;
    const end = upTo === undefined ? sent.length : sent.findIndex((message) => message.id === upTo) + 1;
    return sent
      .slice(0, end)
      .filter((message) => message.from === 'business' && message.visible && message.status !== 'read');
  }

  /** A read mark counts for the earlier messages too. */
  markRead(message: ChatMessage): void {
    const { messages } = this.#chat(message.account, message.citizen);
    for (let index = messages.lastIndexOf(message); index >= 0; index -= 1) {
      const earlier = messages[index];
      if (earlier?.from !== 'citizen') continue;
      if (earlier.readByBusiness) return;
      earlier.readByBusiness = true;
    }
  }

  view(account: AccountConfig, citizen: Citizen, now: number): ChatView {
    const chat = this.#chat(account, citizen);
    return {
      account: account.phoneNumberId,
      citizen: citizen.key,
      name: citizen.name,
      typing: chat.typingUntil > now,
      messages: chat.messages.filter((message) => message.visible).map((message) => this.#viewed(message)),
    };
  }

  #viewed(message: ChatMessage): ViewedMessage {
    const quoted = message.replyTo === undefined ? undefined : this.#byId.get(message.replyTo);
    return {
      id: message.id,
      from: message.from,
      type: message.type,
      text: wordsOf(message),
      content: message.content,
      media: message.media ?? null,
      replyTo: quoted === undefined ? null : { id: quoted.id, text: wordsOf(quoted), from: quoted.from },
      reactions: message.reactions,
      status: message.from === 'business' ? message.status : null,
      readByBusiness: message.readByBusiness,
      at: message.at,
    };
  }

  #chat(account: AccountConfig, citizen: Citizen): Chat {
    const key = `${account.phoneNumberId}/${citizen.key}`;
    const known = this.#chats.get(key);
    if (known !== undefined) return known;
    const chat: Chat = { messages: [], lastFromCitizen: undefined, typingUntil: 0 };
    this.#chats.set(key, chat);
    return chat;
  }
}
