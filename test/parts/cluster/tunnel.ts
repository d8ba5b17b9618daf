import { connect, createServer, type ListenOptions, type NetConnectOpts, type Socket } from 'node:net';

/** How connections end that somebody breaks off: both sides, and nobody hears of it. */
export function join(one: Socket, other: Socket): void {
  for (const socket of [one, other]) socket.setNoDelay(true);
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
  one.pipe(other).pipe(one);
}

/** The outer end of a tunnel between the machine's loopback interface and a node. */
export interface Tunnel {
  close(): Promise<void>;
}

export interface TunnelEnds {
  /** A port of 127.0.0.1 on the machine. */
  readonly port: number;
  /** A socket in the file system, which both sides see. */
  readonly socketPath: string;
}

/**
 * A node has a network of its own, from which 127.0.0.1 is the node itself. Through this it reaches one port of the
 * machine's loopback interface, and nothing else.
 */
export async function openTunnel({ port, socketPath }: TunnelEnds): Promise<Tunnel> {
  return lead({ path: socketPath }, { port, host: '127.0.0.1' });
}

/** The other way: who connects to the port reaches what the node's end of the tunnel leads to. */
export async function openTunnelInto({ port, socketPath }: TunnelEnds): Promise<Tunnel> {
  return lead({ port, host: '127.0.0.1' }, { path: socketPath });
}

async function lead(from: ListenOptions, to: NetConnectOpts): Promise<Tunnel> {
  const open = new Set<Socket>();
  const server = createServer((incoming) => {
    open.add(incoming);
    incoming.once('close', () => open.delete(incoming));
    join(incoming, connect(to));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(from, resolve);
  });
  return {
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
