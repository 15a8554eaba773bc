/** The account that a person means with what they ask for. */
import { ChanceryError } from '../base/errors.ts';
import type { UserId } from '../model/ids.ts';
import type { Session } from '../networks/contract.ts';
import type { BridgeContext } from './context.ts';

/** `account`: the end of its id is enough; needed where there are several. Throws `CH-COMMAND-INVALID` with them all. */
export async function sessionFor(
  { sessions, store }: Pick<BridgeContext, 'sessions' | 'store'>,
  asker: UserId,
  account: string | undefined,
): Promise<Session> {
  const all = sessions.all().map(({ session }) => session);
  const wanted = account ?? (all.length > 1 ? await store.read.choices.of(asker, 'account') : undefined);
  const fitting = all.filter(({ account: { id } }) => wanted === undefined || id.endsWith(wanted));
  const [first] = fitting;
  if (first !== undefined && fitting.length === 1) return first;
  const names = all.map(({ account: { id, displayName } }) => `${id} (${displayName})`).join(', ');
  throw new ChanceryError('CH-COMMAND-INVALID', {
    detail:
      all.length === 0
        ? 'No account is connected.'
        : `Name one account, from which the chat is to be: ${names}. For example \`start-chat +49301234567 ${all[0]?.account.id ?? ''}\`; or choose one for all your chats with \`default-account\`.`,
  });
}
