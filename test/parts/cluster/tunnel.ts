import { connect, createServer, type Socket } from 'node:net';

/** How connections end that somebody breaks off: both sides, and nobody hears of it. */
export function join(one: Socket, other: Socket): void {
  for (const socket of [one, other]) socket.setNoDelay(true);
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
  one.pipe(other).pipe(one);
}

/** The outer end of a tunnel into a node: a socket in the file system, behind which a TCP port of the machine stands. */
export interface Tunnel {
  readonly port: number;
  readonly socketPath: string;
  close(): Promise<void>;
}

/**
 * A node has a network of its own, from which 127.0.0.1 is the node itself. Through this it reaches one port of the
 * machine's loopback interface, and nothing else.
 */
export async function openTunnel(port: number, socketPath: string): Promise<Tunnel> {
  const open = new Set<Socket>();
  const server = createServer((incoming) => {
    open.add(incoming);
    incoming.once('close', () => open.delete(incoming));
    join(incoming, connect(port, '127.0.0.1'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    port,
    socketPath,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
