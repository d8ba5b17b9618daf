import { describe, expect, it } from 'vitest';
import { MalformedLineError, parseWatchLine } from './watch-line.ts';

const path = '/api/v1/pods';
const line = (type: string, object: unknown): string => JSON.stringify({ type, object });

describe('a line of a watch', () => {
  it('is an object with its version', () => {
    const object = { metadata: { resourceVersion: '7', name: 'a' } };
    expect(parseWatchLine(line('MODIFIED', object), path)).toEqual({
      type: 'MODIFIED',
      object,
      version: '7',
    });
  });

  it('may be a bookmark, which is a version alone', () => {
    const bookmark = line('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: '8' } });
    expect(parseWatchLine(bookmark, path)).toEqual({ type: 'BOOKMARK', version: '8' });
  });

  it('may be an error with a status of its own', () => {
    const status = {
      kind: 'Status',
      code: 410,
      reason: 'Expired',
      message: 'too old resource version: 1 (2)',
    };
    const parsed = parseWatchLine(line('ERROR', status), path);
    expect(parsed).toMatchObject({ type: 'ERROR', error: { status: 410, reason: 'Expired' } });
  });

  it('may be an error that says nothing', () => {
    expect(parseWatchLine(line('ERROR', null), path)).toMatchObject({ error: { status: 500 } });
  });

  const malformed: readonly [string, string][] = [
    ['half a line', '{"type":"ADDED","object":{"me'],
    ['a text', 'upstream connect error'],
    ['JSON that is no event', '[]'],
    ['an unknown type', line('RENAMED', { metadata: { resourceVersion: '1' } })],
    ['an object without metadata', line('ADDED', {})],
    ['an object with an empty version', line('ADDED', { metadata: { resourceVersion: '' } })],
  ];
  it.each(malformed)('is malformed: %s', (_name, text) => {
    expect(() => parseWatchLine(text, path)).toThrow(MalformedLineError);
  });
});
