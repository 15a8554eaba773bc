/**
 * The catalogue of everything that can go wrong in a way somebody must act on.
 *
 * Each error has a stable code, one sentence for the person who meets it, what to do about it and, where it answers
 * an HTTP request, a status. No stack trace and no payload ever reaches a chat or a log through these.
 */
interface CatalogueEntry {
  readonly message: string;
  readonly advice: string;
  readonly status?: number;
}

const catalogue = {
  'CH-CONFIG-UNREADABLE': {
    message: 'The configuration file could not be read.',
    advice: 'Check the path and its permissions, or start from config/chancery.sample.yaml.',
  },
  'CH-CONFIG-INVALID': { message: 'The configuration is not valid.', advice: 'Correct the places named.' },
  'CH-SECRET-MISSING': {
    message: 'A secret is missing.',
    advice: 'Provide it in the file or the environment variable named.',
  },
  'CH-SECRET-INVALID': { message: 'A secret is not usable.', advice: 'Replace it as described.' },
  'CH-REGISTRATION-INVALID': {
    message: 'The registration file is not usable.',
    advice: 'Write it with `chancery registration` and give the same file to the homeserver.',
  },
  'CH-DATABASE-KEY-WRONG': {
    message: 'The database does not open with this key.',
    advice: 'Provide the key that the database was made with; nothing was changed.',
  },
  'CH-DATABASE-NEWER': {
    message: 'The database was written by a newer version of Chancery.',
    advice: 'Start that version or a later one; nothing was changed.',
  },
  'CH-DATABASE-IN-USE': {
    message: 'Another Chancery process uses this data directory.',
    advice: 'Stop it first, or give this one a data directory of its own.',
  },
  'CH-STORE-BUSY': {
    message: 'Too much work is waiting to be written.',
    advice: 'Try again shortly.',
    status: 503,
  },
  'CH-STORE-FAILED': {
    message: 'The database could not store this.',
    advice: 'Check free disk space and the data directory; the sender will try again.',
    status: 503,
  },
  'CH-LEDGER-FORKED': {
    message: 'The ledger is not the one whose heads were signed before.',
    advice:
      'Do not go on: entries are missing or were changed, such as by a backup that was put back. Put the newest database and ledger folder back, or ask a records officer.',
  },
  'CH-LEDGER-OUTSIDE': {
    message: 'A place outside does not take or give the head of the ledger.',
    advice: 'Check records.heads_directory, records.heads_url and its token; each new head is tried again.',
  },
  'CH-NODE-TOO-OLD': { message: 'This Node.js is too old.', advice: 'Use Node.js 24 or newer.' },
  'CH-LISTEN-FAILED': {
    message: 'A port could not be opened.',
    advice: 'Choose a free host and port in the configuration.',
  },
  'CH-HTTP-NOT-FOUND': { message: 'There is nothing at this path.', advice: 'Check the URL.', status: 404 },
  'CH-HTTP-METHOD': { message: 'This method is not offered here.', advice: 'Use a method named.', status: 405 },
  'CH-HTTP-UNAUTHORISED': {
    message: 'The token or signature is missing or wrong.',
    advice: 'Send the credential that was agreed on.',
    status: 401,
  },
  'CH-HTTP-FORBIDDEN': { message: 'This is not permitted.', advice: 'Check the token.', status: 403 },
  'CH-HTTP-TOO-LARGE': {
    message: 'The request body is too large.',
    advice: 'Send less at once.',
    status: 413,
  },
  'CH-HTTP-BAD-BODY': {
    message: 'The request body is not the JSON that is expected here.',
    advice: 'Send UTF-8 JSON of the documented shape.',
    status: 400,
  },
  'CH-HTTP-STOPPING': { message: 'The bridge is stopping.', advice: 'Try again shortly.', status: 503 },
  'CH-HTTP-INTERNAL': {
    message: 'Something went wrong here.',
    advice: 'Try again; if it persists, look into the log.',
    status: 500,
  },
  'CH-HOMESERVER-REFUSED': {
    message: 'The homeserver refused a request.',
    advice: 'See its error code; check the registration and the permissions of the bridge.',
  },
  'CH-HOMESERVER-UNREACHABLE': {
    message: 'The homeserver cannot be reached.',
    advice: 'Check homeserver.url and the network; the bridge keeps trying.',
  },
  'CH-NETWORK-UNREACHABLE': {
    message: 'The network cannot be reached.',
    advice: 'Check the connection; the bridge keeps trying.',
  },
  'CH-MEDIA-DAMAGED': {
    message: 'The file that arrived is not the file that was announced.',
    advice: 'The bridge asks for it again.',
  },
  'CH-MEDIA-GONE': {
    message: 'The file is no longer available.',
    advice: 'Ask the sender to send it again.',
    status: 410,
  },
  'CH-MEDIA-TROUBLE': {
    message: 'The other side answers, but does not hand over or take this file.',
    advice: 'The bridge keeps trying for a while.',
  },
  'CH-MEDIA-REFUSED': { message: 'The network does not take this file.', advice: 'Send it in another format.' },
  'CH-MEDIA-TOO-LARGE': { message: 'The file is too large.', advice: 'Send a smaller file.', status: 413 },
  'CH-RECIPIENT-INVALID': {
    message: 'A recipient of the records is not usable.',
    advice: 'Use what `chancery records keygen` printed for each records officer.',
  },
  'CH-PASSPHRASE-WRONG': {
    message: "The passphrase does not open this officer's key.",
    advice: 'Try again. If the passphrase is surely right, the file is damaged: use another copy of it.',
  },
  'CH-RECORDS-KEY-WRONG': {
    message: 'This key does not open these records.',
    advice: 'Use the key of an officer who was among the recipients when they were sealed.',
    status: 403,
  },
  'CH-RECORDS-KEY-MISSING': {
    message: 'The key of this record is not there.',
    advice: 'Restore the file of entry keys from a backup.',
  },
  'CH-RECORDS-DAMAGED': {
    message: 'This is not what was sealed.',
    advice: 'Restore the ledger and the file of entry keys from a backup.',
  },
  'CH-RECORDS-DESTROYED': {
    message: 'The key of this record was destroyed; nobody can open it again.',
    advice: 'See the record of its disposal in the ledger.',
    status: 410,
  },
  'CH-RECORDS-EPOCH-ENDED': {
    message: 'This epoch of the records has ended.',
    advice: 'Seal with the epoch that follows; if none does, restart the bridge.',
  },
  'CH-ROLE-REFUSED': {
    message: 'This is for another role.',
    advice: 'Who administers the bridge and who keeps its records ask at different sockets: see docs/records.md.',
    status: 403,
  },
  'CH-OFFICER-UNPROVEN': {
    message: 'That a records officer asks for this is not proven.',
    advice: 'Use the key of an officer who is named in records.recipients.',
    status: 403,
  },
  'CH-ENTRY-KEYS-INVALID': {
    message: 'The file of entry keys is not usable.',
    advice: 'Restore it from a backup; nothing was changed.',
  },
  'CH-PROGRAM-FAILED': {
    message: 'A program that was asked to help did not do its work.',
    advice: 'What it was asked for is done without it. `chancery doctor` tells whether it works.',
  },
  'CH-LOGIN-INVALID': {
    message: 'The login was refused.',
    advice: 'Correct what is named and try again.',
    status: 400,
  },
  'CH-ACCOUNT-UNKNOWN': {
    message: 'This account is not connected here.',
    advice: 'Add it with `chancery login`.',
    status: 404,
  },
  'CH-NOT-RUNNING': { message: 'The bridge is not running.', advice: 'Start it with `chancery start`.' },
  'CH-UNEXPECTED': {
    message: 'Something unforeseen went wrong.',
    advice: 'Look into the log; if it persists, report it.',
  },
  'CH-COMMAND-INVALID': { message: 'This command is not understood.', advice: 'See `help`.' },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

/** What is known about one occurrence: where it happened and what was expected there. */
export interface ErrorDetail {
  /** The place: file and line, key, room, event. */
  readonly place?: string;
  /** What was found or expected, in one sentence. Never a payload or a secret. */
  readonly detail?: string;
  readonly cause?: unknown;
}

/** An error of the catalogue. */
export class ChanceryError extends Error {
  override readonly name = 'ChanceryError';
  readonly code: ErrorCode;
  readonly place: string | undefined;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, { place, detail, cause }: ErrorDetail = {}) {
    const where = place === undefined ? '' : ` (${place})`;
    super(`${catalogue[code].message}${where}${detail === undefined ? '' : ` ${detail}`}`, { cause });
    this.code = code;
    this.place = place;
    this.detail = detail;
  }

  get advice(): string {
    return catalogue[this.code].advice;
  }

  /** HTTP status to answer with; 500 where the catalogue names none. */
  get status(): number {
    const entry: CatalogueEntry = catalogue[this.code];
    return entry.status ?? 500;
  }
}

/** The message of anything that was thrown. File system errors of test sandboxes are not `instanceof Error`. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}

/** The `code` of a Node.js system error (`ENOENT`, `ECONNREFUSED`, ...), if it has one. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
