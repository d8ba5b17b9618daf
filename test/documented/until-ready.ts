import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs the operator or the demo until it says that it is ready, and ends it as Ctrl-C does. */
const PROGRAM = fileURLToPath(new URL('../../src/cli/headwind.ts', import.meta.url));
const PORTS = ['webhook', 'api', 'ui', 'metrics'];
const READY = /"message":"ready"|"event":"started"/;

const args = process.argv.slice(2);
const ports = args[0] === 'demo' ? PORTS.flatMap((name) => [`--${name}-port`, '0']) : [];
const free = PORTS.map((name) => [`HEADWIND_${name.toUpperCase()}_PORT`, '0']);
const env = { ...process.env, HEADWIND_BIND_ADDRESS: '127.0.0.1', ...Object.fromEntries(free) };
const child = spawn(process.execPath, [PROGRAM, ...args, ...ports], {
  env,
  stdio: ['ignore', 'pipe', 'pipe'],
});
let output = '';
for (const stream of [child.stdout, child.stderr])
  stream.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    process.stdout.write(chunk);
    if (READY.test(output)) child.kill('SIGINT');
  });
child.on('close', (code) => process.exit(code ?? 1));
