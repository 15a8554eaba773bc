/** Who may do what, by lists of the configuration: `@user:server`, `server`, or `*` for everybody. */
import type { UserId } from '../model/ids.ts';

export function isListed(rules: readonly string[], user: UserId): boolean {
  const server = user.slice(user.indexOf(':') + 1);
  return rules.some((rule) => rule === '*' || rule === user || rule === server);
}
