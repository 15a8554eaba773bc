/** Connects a number: asks for what Meta's developer pages show, and tries it out before it is kept. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { HttpClient } from '../../base/http-client.ts';
import type { NetworkContext } from '../contract.ts';
import type { LoginFlow, LoginStep, Question } from '../login.ts';
import type { WhatsAppConfig } from './config.ts';
import type { Credentials } from './credentials.ts';
import { Graph } from './graph.ts';

const questions: readonly Question[] = [
  { name: 'phone_number_id', prompt: 'Phone number ID (Meta for Developers, WhatsApp, API Setup)', secret: false },
  { name: 'access_token', prompt: 'Permanent access token of a system user', secret: true },
  { name: 'app_secret', prompt: 'App secret (App settings, Basic)', secret: true },
  { name: 'verify_token', prompt: 'Verify token of the webhook', secret: true, whenEmpty: 'one is made' },
  {
    name: 'business_account_id',
    prompt: 'WhatsApp Business Account ID (API Setup)',
    secret: false,
    whenEmpty: 'templates are not offered',
  },
];

const numberShape = z.looseObject({
  display_phone_number: z.string().optional(),
  verified_name: z.string().optional(),
});

export interface LoginOptions {
  readonly http: HttpClient;
  readonly config: WhatsAppConfig;
  readonly onCall: NetworkContext['onCall'];
}

type Checked = { readonly name: string; readonly advice: readonly string[] } | { readonly problem: string };

export class WhatsAppLogin implements LoginFlow {
  readonly #options: LoginOptions;

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  async begin(): Promise<LoginStep> {
    return { step: 'ask', questions };
  }

  async answer(answers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<LoginStep> {
    const given = (name: string): string => answers[name]?.trim() ?? '';
    const phoneNumberId = given('phone_number_id');
    const accessToken = given('access_token');
    const appSecret = given('app_secret');
    if (!/^\d{1,32}$/.test(phoneNumberId))
      return again(
        'The phone number ID consists of digits only, such as 106540352242922. It is not the telephone number.',
      );
    if (!/^[!-~]+$/.test(accessToken))
      return again('The access token is missing, or has a space or a letter in it that no token has.');
    if (!/^[!-~]+$/.test(appSecret))
      return again('The app secret is missing, or has a space or a letter in it that no secret has.');
    const verifyToken = given('verify_token') || randomBytes(16).toString('hex');
    const businessAccountId = given('business_account_id');
    if (!/^\d{0,32}$/.test(businessAccountId))
      return again('The WhatsApp Business Account ID consists of digits only, such as 102290129340398.');
    const credentials: Credentials = {
      phoneNumberId,
      accessToken,
      appSecret,
      verifyToken,
      ...(businessAccountId === '' ? {} : { businessAccountId }),
    };
    const checked = await this.#check(credentials, signal);
    if ('problem' in checked) return again(checked.problem);
    const { path: webhookPath, public_url: publicUrl = 'https://<your public host>' } = this.#options.config;
    const made = given('verify_token') === '' ? [`Verify token to enter at Meta: ${verifyToken}`] : [];
    return {
      step: 'done',
      account: { key: phoneNumberId, displayName: checked.name, credentials },
      advice: [
        ...checked.advice,
        `Webhook to enter at Meta: ${publicUrl}${webhookPath}, subscribed to the field messages`,
        ...made,
      ],
    };
  }

  /** Meta: "Get phone number". */
  async #check({ phoneNumberId, accessToken }: Credentials, signal: AbortSignal): Promise<Checked> {
    const { http, config, onCall } = this.#options;
    const graph = new Graph({ http, config, token: accessToken, onCall });
    const result = await graph.ask('check-number', `/${phoneNumberId}?fields=display_phone_number,verified_name`, {
      method: 'GET',
      signal,
    });
    if (result.outcome === 'done') {
      const { success, data } = numberShape.safeParse(result.json);
      const words = success ? [data.verified_name, data.display_phone_number].filter((word) => word !== undefined) : [];
      return { name: words.join(', ') || phoneNumberId, advice: [] };
    }
    if (result.outcome !== 'problem' || result.kind !== 'refused') return { problem: result.words };
    // The token is good. Whoever stands in for the Graph API need not tell about numbers.
    return {
      name: phoneNumberId,
      advice: [
        `The number could not be looked up (${result.words}). If nothing can be sent, compare the phone number ID with the one beside the number in the API Setup; it is not that of the business account.`,
      ],
    };
  }
}

const again = (problem: string): LoginStep => ({ step: 'ask', questions, problem });
