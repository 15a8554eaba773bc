/** A configuration that tests of the simulator share: one number, quick retries. */
import type { AccountConfig } from './options.ts';
import type { SimulatedWhatsAppOptions } from './simulated-whatsapp.ts';

export const account: AccountConfig = {
  phoneNumberId: '106540352242922',
  wabaId: '419561257915477',
  displayPhoneNumber: '15550783881',
  verifiedName: 'City Hall',
  accessToken: 'EAAG-simulated-token',
};

export const appSecret = 'c0ffee00c0ffee00c0ffee00c0ffee00';
export const ada = '16505551234';

export const testOptions: SimulatedWhatsAppOptions = {
  accounts: [account],
  appSecret,
  settings: { statusDelayMs: 5, retryBaseMs: 20 },
};

/** One call to the simulated Graph API: GET without a body and POST with one, unless a method is named. */
export async function graph(
  base: string,
  path: string,
  body?: object,
  token = account.accessToken,
  method = body === undefined ? 'GET' : 'POST',
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${base}/v23.0/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text };
}

export const textTo = (to: string, body: string): object => ({
  messaging_product: 'whatsapp',
  to,
  type: 'text',
  text: { body },
});
