/** What officials ask of groups that an account of theirs keeps. Who asked for what is recorded before it is asked for. */
import { ChanceryError } from '../base/errors.ts';
import type { ChatId, RoomId, UserId } from '../model/ids.ts';
import type { ContactSketch } from '../model/remote-event.ts';
import type { Groups, JoinRequest, Session } from '../networks/contract.ts';
import type { RecordedAct } from '../store/schema.ts';
import type { BridgeContext } from './context.ts';
import { portalIn } from './portal-in.ts';
import { sessionFor } from './session-choice.ts';
import { recordAct } from './recording.ts';

const patienceMs = 30_000;

/** The group of a room, and what its account can do with it. All throw as `Groups`. */
export interface GroupInRoom {
  link(how: 'show' | 'renew'): Promise<string>;
  members(): Promise<readonly ContactSketch[]>;
  remove(person: string): Promise<void>;
  requests(): Promise<readonly JoinRequest[]>;
  decide(request: string, verdict: 'approve' | 'decline'): Promise<void>;
  rename(name: string): Promise<void>;
  close(): Promise<void>;
}

export class GroupCare {
  readonly #context: BridgeContext;

  constructor(context: BridgeContext) {
    this.#context = context;
  }

  /** Throws as `Groups.create`; `CH-COMMAND-INVALID` where several accounts could be meant. */
  async create(asker: UserId, name: string, approval: boolean): Promise<void> {
    const session = await sessionFor(this.#context, asker, undefined);
    const groups = groupsOf(session);
    await this.#record(asker, 'group-create', `${name} by ${session.account.id}`);
    await groups.create({ name, approval }, AbortSignal.timeout(patienceMs));
  }

  /** Throws `CH-COMMAND-INVALID` where the room is no chat, or its network has no groups. */
  async in(room: RoomId, asker: UserId): Promise<GroupInRoom> {
    const portal = await portalIn(this.#context, room);
    const groups = groupsOf(this.#context.sessions.get(portal.accountId).session);
    const signal = (): AbortSignal => AbortSignal.timeout(patienceMs);
    const recorded = async (act: RecordedAct, about: string, ask: (chat: ChatId) => Promise<void>): Promise<void> => {
      await this.#record(asker, act, `${about}portal ${portal.id}`);
      await ask(portal.chatId);
    };
    return {
      link: async (how) => {
        if (how === 'renew') await this.#record(asker, 'group-new-link', `portal ${portal.id}`);
        return groups.link(portal.chatId, how, signal());
      },
      members: () => groups.members(portal.chatId, signal()),
      requests: () => groups.requests(portal.chatId, signal()),
      remove: (person) => recorded('group-remove', `${person} from `, (chat) => groups.remove(chat, person, signal())),
      decide: (request, verdict) =>
        recorded(`group-${verdict}`, `${request} in `, (chat) => groups.decide(chat, request, verdict, signal())),
      rename: (name) => recorded('group-rename', `${name}: `, (chat) => groups.rename(chat, name, signal())),
      close: () => recorded('group-delete', '', (chat) => groups.close(chat, signal())),
    };
  }

  async #record(actor: UserId, act: RecordedAct, subject: string): Promise<void> {
    const { store, clock } = this.#context;
    await store.write((unit) => recordAct(unit, { at: clock.now(), actor, act, subject, reason: null }));
  }
}

function groupsOf({ groups }: Session): Groups {
  if (groups !== undefined) return groups;
  throw new ChanceryError('CH-COMMAND-INVALID', { detail: 'The network of this account has no groups.' });
}
