/** The one HTTP server: the Graph API and the control API on the same port. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { control, controlPrefix } from './control.ts';
import { Graph } from './graph.ts';
import { sendJson } from './http-body.ts';
import type { StartOptions } from './options.ts';
import { closeSimulation, openSimulation } from './simulation.ts';

export interface RunningServer {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Throws when the port is taken. */
export async function startServer({ host, port, config }: StartOptions): Promise<RunningServer> {
  let world = await openSimulation(config);
  let graph = new Graph(world);
  const reset = async (): Promise<void> => {
    const old = world;
    world = await openSimulation(config);
    graph = new Graph(world);
    await closeSimulation(old);
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = URL.parse(`http://simulator${request.url ?? '/'}`);
    if (url === null) response.writeHead(400).end();
    else if (request.method === 'POST' && url.pathname === `${controlPrefix}/reset`) {
      await reset();
      sendJson(response, 200, {});
    } else if (url.pathname.startsWith(`${controlPrefix}/`)) await control(world, request, response, url);
    else await graph.handle(request, response, url);
  };
  const server = createServer(
    { keepAliveTimeout: 75_000, noDelay: true, requestTimeout: 300_000 },
    (request, response) => {
      request.on('error', ignoreBrokenConnection);
      response.on('error', ignoreBrokenConnection);
      void serve(request, response).catch(() => response.destroy());
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await closeSimulation(world);
    },
  };
}

/** Cutting connections is what this server is for. */
function ignoreBrokenConnection(): void {
  return;
}
