// The inner end of tunnels, run in the node's network: takes connections at one place and leads them to another, each
// an address with a port or the path of a socket.
// usage: tunnel-end.ts FROM TO [FROM TO...]     tunnel-end.ts 127.0.0.1:5000 /run/registry.sock
import { connect, createServer, type NetConnectOpts } from 'node:net';
import { join } from './tunnel.ts';

function place(word: string): NetConnectOpts {
  if (word.startsWith('/')) return { path: word };
  const [host = '', port] = word.split(':');
  return { host, port: Number(port) };
}

const words = process.argv.slice(2);
for (let index = 0; index + 1 < words.length; index += 2) {
  const [from = '', to = ''] = words.slice(index);
  createServer((incoming) => join(incoming, connect(place(to)))).listen(place(from));
}
