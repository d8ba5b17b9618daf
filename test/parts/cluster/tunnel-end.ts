// The inner end of tunnels, run in the node's network: takes connections on the same ports as outside.
// usage: tunnel-end.ts PORT SOCKET_PATH [PORT SOCKET_PATH...]
import { connect, createServer } from 'node:net';
import { join } from './tunnel.ts';

const words = process.argv.slice(2);
for (let index = 0; index + 1 < words.length; index += 2) {
  const port = Number(words[index]);
  const socketPath = words[index + 1] ?? '';
  createServer((incoming) => join(incoming, connect(socketPath))).listen(port, '127.0.0.1');
}
