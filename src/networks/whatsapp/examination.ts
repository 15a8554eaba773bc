/**
 * Whether a number is set up at Meta as it must be: the token, what it permits, the number, who gets its webhooks and
 * whether they arrive, its templates. Tokens go in headers only, so what Meta tells of a token only in a query is not asked.
 */
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { readBounded } from '../../base/answer-body.ts';
import { messageOf } from '../../base/errors.ts';
import type { HttpClient } from '../../base/http-client.ts';
import { type Finding, fault, good, warning } from '../../model/finding.ts';
import type { WhatsAppConfig } from './config.ts';
import type { Credentials } from './credentials.ts';
import type { GraphResult } from './graph.ts';
import { allTemplates } from './templates.ts';

export interface NumberExamination {
  readonly ask: (path: string) => Promise<GraphResult>;
  readonly http: HttpClient;
  readonly credentials: Credentials;
  readonly config: WhatsAppConfig;
  readonly signal: AbortSignal;
}

const text = z.string().max(2_048).optional().catch(undefined);
const webhooks = z.looseObject({ phone_number: text, whatsapp_business_account: text, application: text });
const numberShape = z.looseObject({
  display_phone_number: text,
  verified_name: text,
  quality_rating: text,
  webhook_configuration: webhooks.optional().catch(undefined),
});
type NumberFacts = z.output<typeof numberShape>;
const listShape = z.looseObject({ data: z.array(z.unknown()) });
const permissionShape = z.looseObject({ permission: z.string(), status: z.string() });

const logInAgain = 'Make a new one in the Business settings (System users) and log the number in again.';

/** Meta: "Phone numbers", "Access tokens", "WhatsApp Business Account, Subscribed Apps", "Webhook overrides". */
export async function examineNumber(examined: NumberExamination): Promise<Finding[]> {
  const { ask, credentials } = examined;
  const { phoneNumberId } = credentials;
  const fields = 'display_phone_number,verified_name,quality_rating,webhook_configuration';
  const result = await ask(`/${phoneNumberId}?fields=${fields}`);
  if (result.outcome !== 'done') return [unknownNumber(result, phoneNumberId)];
  const facts = numberShape.safeParse(result.json).data ?? {};
  const called = [facts.verified_name, facts.display_phone_number].filter((word) => word !== undefined).join(', ');
  return [
    good('whatsapp.token', 'Meta accepts the access token.'),
    facts.quality_rating === 'RED'
      ? warning(
          'whatsapp.number',
          `Meta rates the quality of ${called} as low (RED): many people blocked or reported it, and it may soon send less.`,
          'Write only to people who expect it; see the WhatsApp Manager.',
        )
      : good('whatsapp.number', `The number is ${called || phoneNumberId}.`),
    await examinePermissions(examined),
    ...(await examineBusinessAccount(examined)),
    ...(await examineWebhook(examined, facts)),
  ];
}

function unknownNumber(result: Exclude<GraphResult, { outcome: 'done' }>, phoneNumberId: string): Finding {
  if (result.outcome !== 'problem')
    return fault(
      'whatsapp.reachable',
      `Meta's Graph API does not answer. ${result.words}`,
      'Let the bridge reach networks.whatsapp.graph_url (name, port 443, certificate).',
    );
  if (result.kind === 'account')
    return fault('whatsapp.token', `Meta does not accept the access token. ${result.words}`, logInAgain);
  return fault(
    'whatsapp.number',
    `Meta does not know the number ${phoneNumberId} under this token. ${result.words}`,
    'Compare the phone number ID with the one in the API Setup, and give the system user the WhatsApp account as an asset.',
  );
}

async function examinePermissions({ ask }: NumberExamination): Promise<Finding> {
  const check = 'whatsapp.permissions';
  const result = await ask('/me/permissions');
  const list = result.outcome === 'done' ? listShape.safeParse(result.json).data : undefined;
  if (list === undefined)
    return warning(
      check,
      'Meta did not tell what the token permits.',
      'Look into the Access Token Debugger of Meta: it needs whatsapp_business_messaging and whatsapp_business_management.',
    );
  const granted = list.data.flatMap((each) => {
    const { success, data } = permissionShape.safeParse(each);
    return success && data.status === 'granted' ? [data.permission] : [];
  });
  const missing = ['whatsapp_business_messaging', 'whatsapp_business_management'].filter(
    (permission) => !granted.includes(permission),
  );
  if (missing.length === 0) return good(check, 'The token permits to send and to manage.');
  return fault(check, `The token does not permit: ${missing.join(', ')}.`, logInAgain);
}

async function examineBusinessAccount({ ask, credentials }: NumberExamination): Promise<Finding[]> {
  const { businessAccountId } = credentials;
  if (businessAccountId === undefined)
    return [
      warning(
        'whatsapp.business-account',
        'The number was connected without the ID of its WhatsApp Business Account: templates are not offered, and its webhooks could not be looked at.',
        'Log the number in again with it.',
      ),
    ];
  const of = (path: string): Promise<GraphResult> => ask(`/${businessAccountId}${path}`);
  return [subscribed(await of('/subscribed_apps')), templatesIn(await allTemplates({ ask: of }))];
}

function subscribed(result: GraphResult): Finding {
  const check = 'whatsapp.subscribed';
  const advice = 'Subscribe your app to the WhatsApp Business Account: in the App Dashboard, WhatsApp, Configuration.';
  if (result.outcome !== 'done')
    return fault(check, `Meta did not tell who gets the webhooks of the account. ${result.words}`, advice);
  const count = listShape.safeParse(result.json).data?.data.length ?? 0;
  if (count === 0)
    return fault(check, 'No app gets the webhooks of the WhatsApp Business Account: nothing arrives.', advice);
  return good(check, `${count === 1 ? 'One app gets' : `${count} apps get`} the webhooks of the account.`);
}

function templatesIn(found: Awaited<ReturnType<typeof allTemplates>>): Finding {
  const check = 'whatsapp.templates';
  if ('problem' in found)
    return warning(
      check,
      `The templates could not be listed. ${found.problem}`,
      'Check the ID of the business account.',
    );
  const approved = found.filter(({ status }) => status === 'APPROVED').length;
  if (approved > 0) return good(check, `Templates: ${found.length}, of which ${approved} are approved.`);
  return warning(
    check,
    `Templates: ${found.length}, none of which is approved: nobody can be written to who did not write within 24 hours.`,
    'Make one in the WhatsApp Manager, Message templates.',
  );
}

async function examineWebhook(examined: NumberExamination, facts: NumberFacts): Promise<Finding[]> {
  const { public_url: origin, path } = examined.config;
  if (origin === undefined)
    return [
      warning(
        'whatsapp.webhook',
        'Whether webhooks arrive could not be tried: networks.whatsapp.public_url is not set.',
        'Set it to the address under which Meta reaches the webhook, for example https://bridge.agency.example.',
      ),
    ];
  const url = `${origin}${path}`;
  return [...atMeta(facts, url), await tryWebhook(examined, url)];
}

/** The most particular address counts (Meta: "Webhook overrides"). */
function atMeta({ webhook_configuration: addresses }: NumberFacts, url: string): Finding[] {
  const check = 'whatsapp.webhook-at-meta';
  const entered = addresses?.phone_number ?? addresses?.whatsapp_business_account ?? addresses?.application;
  if (entered === undefined) return [];
  if (entered === url) return [good(check, `Meta sends webhooks to ${url}.`)];
  const advice = `Enter ${url} in the App Dashboard, WhatsApp, Configuration, or correct networks.whatsapp.public_url.`;
  return [fault(check, `Meta sends the webhooks of this number to ${entered} and not to ${url}.`, advice)];
}

/** As Meta does it (Meta: "Webhooks, Verification requests"). */
async function tryWebhook({ http, credentials, signal }: NumberExamination, url: string): Promise<Finding> {
  const check = 'whatsapp.webhook';
  const challenge = String(randomInt(1_000_000_000));
  const query = new URLSearchParams({
    'hub.mode': 'subscribe',
    'hub.verify_token': credentials.verifyToken,
    'hub.challenge': challenge,
  });
  const advice = `Let ${url} lead through your proxy to networks.whatsapp.host and networks.whatsapp.port, with a certificate that is valid.`;
  try {
    const { status, body } = await http.stream({
      method: 'GET',
      url: `${url}?${query.toString()}`,
      signal,
      timeoutMs: 10_000,
    });
    const answer = (await readBounded(body, 65_536)).toString('utf8');
    if (status === 200 && answer === challenge) return good(check, `${url} leads to this bridge.`);
    return fault(check, `${url} answers ${status}, and not as this bridge does.`, advice);
  } catch (thrown) {
    return fault(check, `${url} does not answer. ${messageOf(thrown)}`, advice);
  }
}
