import { createServer, type Server } from 'node:net';

export const DEMO_PORTS = { webhook: 8080, api: 8081, ui: 8082, metrics: 9090 } as const;

export type PortName = keyof typeof DEMO_PORTS;

export interface ChosenPorts {
  readonly ports: Readonly<Record<PortName, number>>;
  /** Those whose usual port is taken by another program. */
  readonly moved: readonly { readonly name: PortName; readonly usual: number; readonly now: number }[];
}

/**
 * The ports to listen on: those that were asked for; else the usual ones; else free ones. They are free now, which
 * another program may change before they are bound.
 */
export async function choosePorts(
  host: string,
  asked: Partial<Readonly<Record<PortName, number | undefined>>>,
): Promise<ChosenPorts> {
  const held: Server[] = [];
  const hold = async (port: number): Promise<number | undefined> => {
    const server = createServer();
    const bound = await bind(server, host, port);
    if (bound !== undefined) held.push(server);
    return bound;
  };
  const choose = async (name: PortName): Promise<number> => {
    const wish = asked[name];
    if (wish !== undefined && wish !== 0) return wish;
    const usual = wish === undefined ? await hold(DEMO_PORTS[name]) : undefined;
    return usual ?? (await hold(0)) ?? 0;
  };
  // All are held until the last is chosen, so that no two are the same.
  const ports = {
    webhook: await choose('webhook'),
    api: await choose('api'),
    ui: await choose('ui'),
    metrics: await choose('metrics'),
  };
  await Promise.all(
    held.map(async (server) => {
      await new Promise((resolve) => void server.close(resolve));
    }),
  );
  const names: readonly PortName[] = ['webhook', 'api', 'ui', 'metrics'];
  const moved = names
    .filter((name) => asked[name] === undefined && ports[name] !== DEMO_PORTS[name])
    .map((name) => ({ name, usual: DEMO_PORTS[name], now: ports[name] }));
  return { ports, moved };
}

function bind(server: Server, host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' ? address?.port : undefined);
    });
  });
}
