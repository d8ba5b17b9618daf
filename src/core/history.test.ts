import { describe, expect, it } from 'vitest';
import {
  formatHistory,
  historyOf,
  isSameRollout,
  parseHistory,
  recordUpdate,
  wasAppliedBy,
  type HistoryEntry,
} from './history.ts';

const TIME = '2026-01-01T12:00:00Z';

function entry(image: string, container = 'web'): HistoryEntry {
  return { container, image, timestamp: TIME };
}

describe('recordUpdate', () => {
  it('records, with the first update, what ran before it, so that one can go back', () => {
    const history = recordUpdate([], 'nginx:1.0.0', entry('nginx:1.1.0'));
    expect(history.map(({ image }) => image)).toEqual(['nginx:1.1.0', 'nginx:1.0.0']);
  });

  it('does not record the image before twice', () => {
    const first = recordUpdate([], 'nginx:1.0.0', entry('nginx:1.1.0'));
    const second = recordUpdate(first, 'nginx:1.1.0', entry('nginx:1.2.0'));
    expect(second.map(({ image }) => image)).toEqual(['nginx:1.2.0', 'nginx:1.1.0', 'nginx:1.0.0']);
  });

  it('records an image that somebody set by hand in between', () => {
    const first = recordUpdate([], 'nginx:1.0.0', entry('nginx:1.1.0'));
    const second = recordUpdate(first, 'nginx:1.1.5', entry('nginx:1.2.0'));
    expect(second.map(({ image }) => image)).toEqual([
      'nginx:1.2.0',
      'nginx:1.1.5',
      'nginx:1.1.0',
      'nginx:1.0.0',
    ]);
  });

  it('keeps the last ten of each container', () => {
    let history: readonly HistoryEntry[] = recordUpdate([], 'redis:6', entry('redis:7', 'cache'));
    for (let minor = 0; minor < 15; minor += 1) {
      history = recordUpdate(history, `nginx:1.${minor}.0`, entry(`nginx:1.${minor + 1}.0`));
    }
    expect(historyOf(history, 'web')).toHaveLength(10);
    expect(historyOf(history, 'web')[0]?.image).toBe('nginx:1.15.0');
    expect(historyOf(history, 'cache').map(({ image }) => image)).toEqual(['redis:7', 'redis:6']);
  });
});

describe('the annotation', () => {
  it('comes back as it was written, without members that are absent', () => {
    const history = recordUpdate([], 'a:1', { ...entry('a:2'), updateRequestName: 'r', approvedBy: 'alice' });
    expect(parseHistory(formatHistory(history))).toEqual(history);
    expect(formatHistory([entry('a:1')])).toBe(`[{"container":"web","image":"a:1","timestamp":"${TIME}"}]`);
  });

  it.each([
    ['is absent', undefined],
    ['is no JSON', 'not json'],
    ['is no array', '{"container":"web"}'],
  ])('is an empty history when it %s', (_, annotation) => {
    expect(parseHistory(annotation)).toEqual([]);
  });

  it('keeps the entries that can be read when one cannot', () => {
    expect(parseHistory(`[{"container":1},{"container":"web","image":"a:1","timestamp":"${TIME}"}]`)).toEqual(
      [entry('a:1')],
    );
  });
});

it('knows whether a request has been applied', () => {
  const history = recordUpdate([], 'a:1', { ...entry('a:2'), updateRequestName: 'web-1' });
  expect(wasAppliedBy(history, 'web-1')).toBe(true);
  expect(wasAppliedBy(history, 'web-2')).toBe(false);
});

describe('isSameRollout', () => {
  const history = recordUpdate([], 'shop/app:1.0.0', entry('shop/app:1.1.0'));

  it.each([
    ['the version that a sibling just got', 'docker.io/shop/app:1.1.0', true],
    ['another version of it', 'shop/app:1.2.0', false],
    ['the same tag of another image', 'shop/proxy:1.1.0', false],
    ['something that cannot be read', 'SHOP', false],
  ])('%s', (_, image, expected) => {
    expect(isSameRollout(history, { updateType: 'image', newImage: image })).toBe(expected);
  });

  it('is never so without a history', () => {
    expect(isSameRollout([], { updateType: 'image', newImage: 'shop/app:1.1.0' })).toBe(false);
  });
});
