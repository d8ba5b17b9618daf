import { describe, expect, it } from 'vitest';
import { wordsFor } from './called-as.ts';

describe('the name that the plugin is called by', () => {
  it.each([
    ['is that of the completer, by its path', '/usr/local/bin/kubectl_complete-headwind'],
    ['is that of the completer, bare', 'kubectl_complete-headwind'],
    ['is that of the completer on Windows', 'kubectl_complete-headwind.exe'],
  ])('%s: it completes', (_, argv0) => {
    expect(wordsFor(argv0, ['list', '-n'])).toEqual(['__complete', 'list', '-n']);
  });

  it.each(['node', '/usr/local/bin/kubectl-headwind', 'kubectl_complete-headwind-linux-x64', ''])(
    'is "%s": the words are as they came',
    (argv0) => {
      expect(wordsFor(argv0, ['list', '-n'])).toEqual(['list', '-n']);
    },
  );
});
