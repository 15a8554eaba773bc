/** The control API below `/_simulator`: what tests and demos say to the simulator. Answers JSON; errors name what is wrong. */
import { randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ZodError, z } from 'zod';
import { NoSuchThing, NotAllowed } from './citizen-side.ts';
import { citizenRoutes } from './control-citizens.ts';
import { groupRoutes } from './control-groups.ts';
import { accountOf } from './control-names.ts';
import { clockShape, rawShape, verifyShape, webhookUrlShape } from './control-shape.ts';
import type { ControlRoute } from './control-route.ts';
import { faultShape } from './faults.ts';
import { BodyNotJson, BodyTooLarge, readJson, sendJson } from './http-body.ts';
import { streamMedia } from './media-serve.ts';
import type { Simulation } from './simulation.ts';
import { changeSettings } from './settings.ts';
import { asciiJson } from './webhook-body.ts';

export const controlPrefix = '/_simulator';
const bodyBytes = 32 * 1024 * 1024;
const longestWaitMs = 60_000;

const routes: readonly ControlRoute[] = [
  ...citizenRoutes,
  ...groupRoutes,
  { method: 'GET', path: /^\/state$/, run: (world) => stateOf(world) },
  {
    method: 'GET',
    path: /^\/log$/,
    run: async (world, { query }) => {
      const since = z.coerce
        .number()
        .int()
        .min(0)
        .parse(query.get('since') ?? 0);
      return await world.log.read(since, waitOf(query));
    },
  },
  { method: 'GET', path: /^\/idle$/, run: async (world, { query }) => await idle(world, waitOf(query)) },
  { method: 'PATCH', path: /^\/settings$/, run: (world, { body }) => changeSettings(world.settings, body) },
  {
    method: 'POST',
    path: /^\/clock$/,
    run: (world, { body }) => {
      const shiftMs = world.clock.advance(clockShape.parse(body).advanceMs);
      return { shiftMs, now: world.clock.now() };
    },
  },
  {
    method: 'PUT',
    path: /^\/webhook$/,
    run: (world, { body }) => {
      const { url, account } = webhookUrlShape.parse(body);
      world.addresses.set(url, account === undefined ? undefined : accountOf(world, account));
      if (url !== null) world.webhooks.retryNow();
      return { url };
    },
  },
  { method: 'POST', path: /^\/webhook\/verify$/, run: async (world, { body }) => await verify(world, body) },
  { method: 'POST', path: /^\/webhook\/raw$/, run: async (world, { body }) => await sendRaw(world, body) },
  {
    method: 'POST',
    path: /^\/webhook\/retry-now$/,
    run: (world) => {
      world.webhooks.retryNow();
      return {};
    },
  },
  { method: 'POST', path: /^\/faults$/, run: (world, { body }) => ({ id: world.faults.add(faultShape.parse(body)) }) },
  { method: 'GET', path: /^\/faults$/, run: (world) => world.faults.active() },
  {
    method: 'DELETE',
    path: /^\/faults$/,
    run: (world) => {
      world.faults.clear();
      return {};
    },
  },
  {
    method: 'DELETE',
    path: /^\/faults\/(\d+)$/,
    run: (world, { name }) => ({ removed: world.faults.remove(Number(name)) }),
  },
];

export async function control(
  world: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const path = url.pathname.slice(controlPrefix.length);
  try {
    const media = /^\/media\/(\d+)$/.exec(path)?.[1];
    if (media !== undefined) {
      const stored = world.media.get(media);
      if (stored === undefined) throw new NoSuchThing(`There is no media ${media}`);
      await streamMedia(response, stored, 'none');
      return;
    }
    const route = routes.find((candidate) => candidate.method === request.method && candidate.path.test(path));
    if (route === undefined) throw new NoSuchThing(`There is no ${request.method ?? ''} ${url.pathname}`);
    const body = request.method === 'GET' ? {} : await readJson(request, bodyBytes);
    const name = decodeURIComponent(route.path.exec(path)?.[1] ?? '');
    sendJson(response, 200, await route.run(world, { name, query: url.searchParams, body }));
  } catch (thrown) {
    const error = thrown instanceof ZodError ? z.prettifyError(thrown) : String(thrown);
    sendJson(response, statusOf(thrown), { error });
  }
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof NoSuchThing) return 404;
  if (thrown instanceof NotAllowed) return 409;
  return thrown instanceof ZodError || thrown instanceof BodyNotJson || thrown instanceof BodyTooLarge ? 400 : 500;
}

function waitOf(query: URLSearchParams): number {
  return z.coerce
    .number()
    .int()
    .min(0)
    .max(longestWaitMs)
    .parse(query.get('wait') ?? 0);
}

function stateOf(world: Simulation): object {
  return {
    now: world.clock.now(),
    pendingWebhooks: world.webhooks.pending,
    pendingStatuses: world.timers.pending,
    settings: world.settings,
    citizens: world.citizens.all(),
    faults: world.faults.active(),
    accounts: world.accounts.map((account) => ({
      phoneNumberId: account.phoneNumberId,
      wabaId: account.wabaId,
      displayPhoneNumber: account.displayPhoneNumber,
      verifiedName: account.verifiedName,
      webhookUrl: world.addresses.of(account) ?? null,
    })),
  };
}

/** Waits until every status has been told and every webhook taken. */
async function idle(world: Simulation, waitMs: number): Promise<object> {
  const until = performance.now() + waitMs;
  const busy = (): number => world.webhooks.pending + world.timers.pending;
  while (busy() > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  return { idle: busy() === 0 };
}

/** Asks the bridge as Meta does when a webhook address is entered. */
async function verify(world: Simulation, body: unknown): Promise<object> {
  const { verifyToken, challenge = String(randomInt(1e9)), account } = verifyShape.parse(body);
  const address = world.addresses.of(accountOf(world, account));
  if (address === undefined) throw new NoSuchThing('No webhook url is set');
  const url = new URL(address);
  url.searchParams.set('hub.mode', 'subscribe');
  url.searchParams.set('hub.challenge', challenge);
  url.searchParams.set('hub.verify_token', verifyToken);
  const answer = await world.webhooks.post.verify(url);
  return { ...answer, verified: answer.status === 200 && answer.body === challenge };
}

async function sendRaw(world: Simulation, body: unknown): Promise<object> {
  const { account: id, content, signature, retry } = rawShape.parse(body);
  const account = accountOf(world, id);
  const bytes = rawBytes(account.wabaId, content);
  if (!retry) return await world.webhooks.sendRaw(account, bytes, signature, []);
  world.webhooks.enqueueRaw(account, bytes, []);
  return { queued: true };
}

function rawBytes(wabaId: string, content: z.infer<typeof rawShape>['content']): Buffer {
  if ('base64' in content) return Buffer.from(content.base64, 'base64');
  if ('text' in content) return Buffer.from(content.text, 'utf8');
  if ('body' in content) return asciiJson(content.body);
  const changes = [{ field: content.field, value: content.value }];
  return asciiJson({ object: 'whatsapp_business_account', entry: [{ id: wabaId, changes }] });
}
