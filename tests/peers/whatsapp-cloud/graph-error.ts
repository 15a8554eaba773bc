/** Meta's errors: their codes, words and shape, in answers and in the `failed` status. */
import { traceIdentifier } from './identifiers.ts';

export interface ErrorFacts {
  readonly httpStatus: number;
  readonly code: number;
  readonly title: string;
  readonly details?: string | undefined;
  readonly subcode?: number;
  readonly type?: string;
}

export class GraphError extends Error {
  readonly facts: ErrorFacts;

  constructor(facts: ErrorFacts) {
    super(facts.title);
    this.facts = facts;
  }
}

/** The body of an error answer. `(#code)` stands before the words except where Meta leaves it out. */
export function errorBody(facts: ErrorFacts): object {
  const bare = facts.code === 190 || facts.type === 'GraphMethodException';
  return {
    error: {
      message: bare ? facts.title : `(#${facts.code}) ${facts.title}`,
      type: facts.type ?? 'OAuthException',
      code: facts.code,
      ...(facts.subcode === undefined ? {} : { error_subcode: facts.subcode }),
      ...(facts.details === undefined ? {} : { error_data: { messaging_product: 'whatsapp', details: facts.details } }),
      fbtrace_id: traceIdentifier(),
    },
  };
}

/** The same error as an element of `errors[]` in a status webhook. */
export function webhookError(facts: ErrorFacts): object {
  return {
    code: facts.code,
    title: facts.title,
    message: facts.title,
    ...(facts.details === undefined ? {} : { error_data: { details: facts.details } }),
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  };
}

export const tokenInvalid: ErrorFacts = {
  httpStatus: 401,
  code: 190,
  title: 'Invalid OAuth access token - Cannot parse access token',
};

export const windowClosed: ErrorFacts = {
  httpStatus: 400,
  code: 131047,
  title: 'Re-engagement message',
  details:
    'Message failed to send because more than 24 hours have passed since the customer last replied to this number.',
};

export const undeliverable: ErrorFacts = {
  httpStatus: 400,
  code: 131026,
  title: 'Message undeliverable',
  details: 'Message Undeliverable.',
};

export const mediaUnfit: ErrorFacts = {
  httpStatus: 400,
  code: 131053,
  title: 'Media upload error',
  details: 'The media does not have a type that this kind of message can carry.',
};

export const pairLimit: ErrorFacts = {
  httpStatus: 429,
  code: 131056,
  title: '(Business Account, Consumer Account) pair rate limit hit',
  details: 'Too many messages were sent from this phone number to the same phone number in a short period of time.',
};

export const throughputLimit: ErrorFacts = {
  httpStatus: 429,
  code: 130429,
  title: 'Rate limit hit',
  details: 'Too many messages were sent from this phone number in a short period of time.',
};

export const typeUnsupported: ErrorFacts = {
  httpStatus: 400,
  code: 131051,
  title: 'Unsupported message type',
  details: 'Messages of this type cannot be sent to a group.',
};

export const parameter = (title: string, details?: string): GraphError =>
  new GraphError({ httpStatus: 400, code: 100, title, details });

export const valueInvalid = (details: string): GraphError =>
  new GraphError({ httpStatus: 400, code: 131009, title: 'Parameter value is not valid', details });

export const noSuchObject = (method: string, id: string): GraphError =>
  new GraphError({
    httpStatus: 400,
    code: 100,
    subcode: 33,
    type: 'GraphMethodException',
    title:
      `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, ` +
      'cannot be loaded due to missing permissions, or does not support this operation.',
  });
