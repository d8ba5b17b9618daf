import { isatty } from 'node:tty';
import { systemClock } from '../system.ts';
import { wordsFor } from './plugin/called-as.ts';
import { runPlugin } from './plugin/program.ts';
import { createTerminal } from './terminal.ts';

const terminal = createTerminal(process.env);
const args = wordsFor(process.argv0, process.argv.slice(2));
const person = { canAnswer: isatty(0) };
const code = await runPlugin({ args, env: process.env, terminal, clock: systemClock, person });
terminal.flush();
process.exit(code);
