import { systemClock } from '../system.ts';
import { runPlugin } from './plugin/program.ts';
import { createTerminal } from './terminal.ts';

const terminal = createTerminal(process.env);
const code = await runPlugin({ args: process.argv.slice(2), env: process.env, terminal, clock: systemClock });
terminal.flush();
process.exit(code);
