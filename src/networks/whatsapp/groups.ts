/**
 * Groups that a number makes and keeps (Meta: "Group management"). WhatsApp does what was asked for later and tells of it
 * by a webhook, which is what shows in the chat. People join by a link only; eight at most.
 */
import { z } from 'zod';
import { ChanceryError } from '../../base/errors.ts';
import type { ChatId } from '../../model/ids.ts';
import type { ContactSketch } from '../../model/remote-event.ts';
import type { AdapterState, Groups, JoinRequest } from '../contract.ts';
import { contactShape } from './envelope.ts';
import type { GraphResult } from './graph.ts';
import { addressOf, nameFromPhone, recipientOf } from './identity.ts';
import { listOf, member, textAt } from './notices.ts';
import { telephoneNumber } from './telephone-number.ts';

export interface GroupRequests {
  readonly ask: (
    path: string,
    method: 'GET' | 'POST' | 'DELETE',
    body: object | undefined,
    signal: AbortSignal,
  ) => Promise<GraphResult>;
  readonly phoneNumberId: () => string;
  readonly state: () => Pick<AdapterState, 'get'>;
}

/** Meta: "Create group". */
const maxName = 128;
const product = { messaging_product: 'whatsapp' };
const linkShape = z.looseObject({ invite_link: z.string().max(512) });

interface Participant {
  /** As WhatsApp takes it. */
  readonly user: string;
  readonly contact: ContactSketch;
}

export class WhatsAppGroups implements Groups {
  readonly #requests: GroupRequests;

  constructor(requests: GroupRequests) {
    this.#requests = requests;
  }

  async create({ name, approval }: Parameters<Groups['create']>[0], signal: AbortSignal): Promise<void> {
    const mode = approval ? 'approval_required' : 'auto_approve';
    const body = { ...product, subject: fittingName(name), join_approval_mode: mode };
    await this.#done(`/${this.#requests.phoneNumberId()}/groups`, 'POST', body, signal);
  }

  async link(chat: ChatId, how: 'show' | 'renew', signal: AbortSignal): Promise<string> {
    const path = `${pathOf(chat)}/invite_link`;
    const json = await (how === 'show'
      ? this.#done(path, 'GET', undefined, signal)
      : this.#done(path, 'POST', product, signal));
    const link = linkShape.safeParse(json).data ?? linkShape.safeParse(listOf(member(json, 'data'))[0]).data;
    if (link === undefined) throw unreachable('WhatsApp named no link.');
    return link.invite_link;
  }

  async members(chat: ChatId, signal: AbortSignal): Promise<readonly ContactSketch[]> {
    return (await this.#participants(chat, signal)).map(({ contact }) => contact);
  }

  async remove(chat: ChatId, person: string, signal: AbortSignal): Promise<void> {
    const participants = await this.#participants(chat, signal);
    const number = telephoneNumber(person);
    const wanted = 'digits' in number ? number.digits : person.trim();
    const found = participants.filter(({ user, contact }) => user === wanted || contact.displayName === wanted);
    const [first] = found;
    if (first === undefined || found.length > 1)
      throw new ChanceryError('CH-COMMAND-INVALID', {
        detail: `${first === undefined ? 'Nobody' : 'More than one'} in this group is called so. \`group members\` lists them; give the number.`,
      });
    const body = { ...product, participants: [{ user: first.user }] };
    await this.#done(`${pathOf(chat)}/participants`, 'DELETE', body, signal);
  }

  async requests(chat: ChatId, signal: AbortSignal): Promise<readonly JoinRequest[]> {
    const json = await this.#done(`${pathOf(chat)}/join_requests`, 'GET', undefined, signal);
    const asking: JoinRequest[] = [];
    for (const item of listOf(member(json, 'data'))) {
      const id = textAt(item, 'join_request_id');
      if (id !== '') asking.push({ id, contact: await this.#contact(item) });
    }
    return asking;
  }

  async decide(chat: ChatId, request: string, verdict: 'approve' | 'decline', signal: AbortSignal): Promise<void> {
    const method = verdict === 'approve' ? 'POST' : 'DELETE';
    const json = await this.#done(
      `${pathOf(chat)}/join_requests`,
      method,
      { ...product, join_requests: [request] },
      signal,
    );
    const [failed] = listOf(member(json, 'failed_join_requests'));
    if (failed !== undefined)
      throw unreachable(textAt(listOf(member(failed, 'errors'))[0], 'message') || 'WhatsApp knows no such request.');
  }

  async rename(chat: ChatId, name: string, signal: AbortSignal): Promise<void> {
    await this.#done(pathOf(chat), 'POST', { ...product, subject: fittingName(name) }, signal);
  }

  async close(chat: ChatId, signal: AbortSignal): Promise<void> {
    await this.#done(pathOf(chat), 'DELETE', undefined, signal);
  }

  async #participants(chat: ChatId, signal: AbortSignal): Promise<readonly Participant[]> {
    const json = await this.#done(`${pathOf(chat)}?fields=participants`, 'GET', undefined, signal);
    const people: Participant[] = [];
    for (const item of listOf(member(json, 'participants'))) {
      const user = textAt(item, 'wa_id') || textAt(item, 'user_id');
      if (user !== '') people.push({ user, contact: await this.#contact(item) });
    }
    return people;
  }

  async #contact(item: unknown): Promise<ContactSketch> {
    const { wa_id: phone, user_id: userId } = contactShape.safeParse(item).data ?? {};
    const known = this.#requests.state();
    const onlyLooking: AdapterState = { get: (key) => known.get(key), put: async () => undefined };
    const contact = await recipientOf(onlyLooking, { phone, userId });
    const name = contact === undefined ? undefined : (await addressOf(known, contact)).name;
    const displayName = name ?? nameFromPhone(phone) ?? userId ?? 'Somebody';
    return { id: contact ?? (displayName as ContactSketch['id']), displayName };
  }

  async #done(path: string, method: 'GET' | 'POST' | 'DELETE', body: object | undefined, signal: AbortSignal) {
    const result = await this.#requests.ask(path, method, body, signal);
    if (result.outcome === 'done') return result.json;
    throw unreachable(result.words);
  }
}

function fittingName(name: string): string {
  const trimmed = name.trim();
  if (trimmed !== '' && trimmed.length <= maxName) return trimmed;
  throw new ChanceryError('CH-COMMAND-INVALID', { detail: `Expected a name of 1 to ${maxName} letters.` });
}

const pathOf = (chat: ChatId): string => `/${encodeURIComponent(chat)}`;
const unreachable = (detail: string): ChanceryError => new ChanceryError('CH-NETWORK-UNREACHABLE', { detail });
