/** The ledger as it is handed out to records officers. */
import { systemClock } from '../base/clock.ts';
import type { Archive } from '../ledger/archive.ts';
import { asId, type PortalId, type RoomId } from '../model/ids.ts';
import type { Disposing } from '../ledger/disposing.ts';
import type { Challenges } from '../records/challenges.ts';
import type { EntryFilter } from '../store/entries.ts';
import { officerName } from '../vault/officer-key.ts';
import type { Store } from '../store/store.ts';
import { audit, type AuditFinding, type AuditParts } from '../records/audit.ts';
import { handedMedia, type MediaHolder } from '../records/handed-media.ts';
import type { RecordsAsked, RecordsTarget } from './records-routes.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const maxFindings = 1_000;
/** Each is some kilobytes for each officer. */
const epochsAtOnce = 20;

export interface OfficerParts {
  readonly archive: Archive;
  readonly disposing: Disposing;
  readonly challenges: Challenges;
}

export function recordsTarget(
  { archive, disposing, challenges }: OfficerParts,
  parts: AuditParts & MediaHolder,
): RecordsTarget {
  const { read } = parts.store;
  return {
    head: () => archive.head(),
    async epochs(after) {
      const epochs = await archive.epochs(after, epochsAtOnce);
      return { epochs: epochs.map(({ id, wrappedKey }) => ({ id, wrappedKey })) };
    },
    async page(asked, after) {
      const { entries, isLast } = await archive.page(await filterOf(asked, read), after);
      return {
        isLast,
        entries: entries.map(({ number, isOfHouse, epochId, leaf, sealed, key }) => ({
          number,
          isOfHouse,
          epochId,
          leaf,
          sealed: base64(sealed),
          key: typeof key === 'string' ? key : { wrapped: base64(key) },
        })),
      };
    },
    proofs: (numbers, checkpoint) => archive.proofs(numbers, checkpoint),
    challenge: (recipient) => challenges.begin(recipient),
    proven: (order) => officerName(challenges.answered(order)),
    destroy: (officer, { reason, ranges }) => disposing.dispose({ officer, reason, ranges }),
    async rewrap(officer, { epochs }) {
      const at = systemClock.now();
      await parts.store.write(async (unit) => {
        for (const { id, wrappedKey } of epochs) await unit.epochs.rewrap(id, wrappedKey);
        const content = { act: 'rewrap', subject: `epochs ${epochs.map(({ id }) => id).join(', ')}` };
        await unit.ledger.record({ kind: 'act', at, author: { id: officer }, content });
      });
    },
    async audit() {
      const findings: AuditFinding[] = [];
      let more = false;
      for await (const finding of audit(parts)) {
        if (findings.length < maxFindings) findings.push(finding);
        else more = true;
      }
      const { size: entries, verifierKey } = await archive.head();
      return { findings, more, checked: { entries, verifierKey } };
    },
    media: (uri, bytes) => handedMedia(parts, uri, bytes),
    async recordExport({ officer, asked, redacted, records, manifest }) {
      const { disclosures, ...proven } = await archive.recordProven({
        kind: 'export',
        at: systemClock.now(),
        author: { id: officer },
        content: { asked, redacted, records },
        manifest,
      });
      return { ...proven, disclosures: [...disclosures] };
    },
  };
}

/** A chat is named by its room or by the number or id of its contact; of a person are the chats in which they are or were. */
async function filterOf({ chat, contact, from, to }: RecordsAsked, { portals }: Store['read']): Promise<EntryFilter> {
  const times = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  if (chat !== undefined) return { ...times, portals: await chatsCalled(chat, portals) };
  return contact === undefined ? times : { ...times, portals: await portals.ofPerson(contact) };
}

async function chatsCalled(chat: string, portals: Store['read']['portals']): Promise<PortalId[]> {
  if (!chat.startsWith('!')) return portals.withChat(chat);
  const portal = await portals.byRoom(asId<RoomId>(chat));
  return portal === undefined ? [] : [portal.id];
}
