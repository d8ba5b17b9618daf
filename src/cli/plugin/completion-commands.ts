import { readOptions } from './options.ts';
import type { CommandHome } from './session.ts';

/** Declares what shells ask for: scripts, and the words that may follow. */
export function declareCompletion(home: CommandHome): void {
  const { program, run } = home;
  program
    .command('completion <shell>')
    .description(
      'print the completion script of bash, zsh or fish, or for kubectl itself the program kubectl_complete-headwind',
    )
    .action(async (shell: string) => {
      readOptions(program.opts(), 'completion', run.env);
      const { completionScript } = await import('./completion-scripts.ts');
      run.terminal.out(completionScript(shell));
    });
}
