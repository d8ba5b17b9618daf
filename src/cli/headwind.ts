import { runHeadwind } from './headwind-program.ts';
import { createTerminal } from './terminal.ts';

const terminal = createTerminal(process.env);
const outcome = await runHeadwind({ args: process.argv.slice(2), env: process.env, terminal });
terminal.flush();
if (outcome.isFinal) process.exit(outcome.code);
// Commands may have set a code of their own, and may still be writing.
if (outcome.code !== 0) process.exitCode = outcome.code;
