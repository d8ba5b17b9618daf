import { expect, it } from 'vitest';
import { commandsFor } from './commands.ts';

const run = (): void => undefined;
const SHORTCUTS = [
  { keys: 'j', label: 'Next row', run },
  { keys: 'g w', label: 'Go to the workloads', run },
];

it.each([
  ['', ['Updates', 'Workloads', 'Observability', 'Settings']],
  ['PAUSED work', ['Workloads that are paused']],
  ['next', ['Next row']],
  ['nothing of the kind', []],
])('"%s" offers what is called so', (text, labels) => {
  const offered = commandsFor(text, SHORTCUTS, run).map(({ label }) => label);
  expect(offered.slice(0, 4)).toEqual(labels);
});

it('goes where it says', () => {
  const gone: string[] = [];
  commandsFor('held', SHORTCUTS, (path) => gone.push(path))[0]?.run();
  expect(gone).toEqual(['/workloads?state=held']);
});
