import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordUpdate, type HistoryEntry } from './history.ts';
import {
  chooseRollback,
  numberHistory,
  parseWish,
  PREVIOUS,
  type RollbackQuestion,
} from './rollback-target.ts';
import type { Artifact } from './workload.ts';

const TIME = '2026-01-01T12:00:00Z';
const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

/** The history of one container that was given these images, newest first. */
function historyOf(images: readonly string[], container = 'web'): readonly HistoryEntry[] {
  return images.map((image) => ({ container, image, timestamp: TIME }));
}

const container = (image: string, name = 'web'): Artifact => ({ type: 'container', name, image });

function choose(
  running: string,
  images: readonly string[],
  wish: RollbackQuestion['wish'] = PREVIOUS,
): string {
  const chosen = chooseRollback({ artifacts: [container(running)], history: historyOf(images), wish });
  return chosen.ok ? chosen.value.entry.image : chosen.error.kind;
}

describe('the previous version', () => {
  it.each<[string, string, readonly string[], string]>([
    ['is the one before the newest', 'nginx:1.2', ['nginx:1.2', 'nginx:1.1', 'nginx:1.0'], 'nginx:1.1'],
    [
      'is the newest one where somebody has set another by hand',
      'nginx:1.5',
      ['nginx:1.2', 'nginx:1.1'],
      'nginx:1.2',
    ],
    [
      'differs from what runs, though that was set by hand',
      'nginx:1.1',
      ['nginx:1.2', 'nginx:1.1', 'nginx:1.0'],
      'nginx:1.2',
    ],
    ['is what a rollback went back from', 'nginx:1.1', ['nginx:1.1', 'nginx:1.2', 'nginx:1.1'], 'nginx:1.2'],
    ['passes over entries of what runs', 'nginx:1.2', ['nginx:1.2', 'nginx:1.2', 'nginx:1.1'], 'nginx:1.1'],
    [
      'may be another digest of the same tag',
      `nginx:1.2@${B}`,
      [`nginx:1.2@${B}`, `nginx:1.2@${A}`],
      `nginx:1.2@${A}`,
    ],
    [
      'may be spelled in another way',
      'nginx:1.2',
      ['nginx:1.2', 'docker.io/library/nginx:1.1'],
      'docker.io/library/nginx:1.1',
    ],
    ['is none where nothing is recorded', 'nginx:1.2', [], 'no-entry'],
    ['is none where only what runs is recorded', 'nginx:1.2', ['nginx:1.2'], 'no-entry'],
    [
      'is refused where it is another repository',
      'nginx:1.2',
      ['nginx:1.2', 'evil/nginx:1.1'],
      'other-repository',
    ],
    ['is refused where it cannot be read', 'nginx:1.2', ['nginx:1.2', 'NGINX'], 'other-repository'],
  ])('%s', (_name, running, images, expected) => {
    expect(choose(running, images)).toBe(expected);
  });
});

describe('a version that is asked for', () => {
  const IMAGES = ['r:5000/nginx:1.3', 'r:5000/nginx:1.2', 'r:5000/nginx:7', `r:5000/nginx:1.0@${A}`];

  it.each<[string, string]>([
    ['1', 'r:5000/nginx:1.2'],
    ['3', `r:5000/nginx:1.0@${A}`],
    ['0', 'runs-already'],
    ['4', 'no-entry'],
    ['r:5000/nginx:1.2', 'r:5000/nginx:1.2'],
    ['1.2', 'r:5000/nginx:1.2'],
    ['7', 'no-entry'],
    [':7', 'r:5000/nginx:7'],
    ['1.0', `r:5000/nginx:1.0@${A}`],
    [A, `r:5000/nginx:1.0@${A}`],
    [`1.0@${A}`, `r:5000/nginx:1.0@${A}`],
    [B, 'no-entry'],
    ['1.3', 'runs-already'],
    ['2', 'r:5000/nginx:7'],
    ['nginx:1.2', 'no-entry'],
    [':', 'no-entry'],
    ['@', 'no-entry'],
  ])('%s', (wish, expected) => {
    expect(choose('r:5000/nginx:1.3', IMAGES, parseWish(wish))).toBe(expected);
  });

  it('is of several entries the newest that does not run', () => {
    const images = [`nginx:dev@${B}`, `nginx:dev@${A}`, 'nginx:dev'];
    expect(choose(`nginx:dev@${B}`, images, { image: 'dev' })).toBe(`nginx:dev@${A}`);
  });

  it('is a chart by its version, which may hold a plus', () => {
    const artifacts: readonly Artifact[] = [{ type: 'chart', name: 'podinfo', image: 'podinfo:6.6.0' }];
    const history = historyOf(['podinfo:6.6.0', 'podinfo:6.5.0+b1'], 'podinfo');
    const chosen = chooseRollback({ artifacts, history, wish: { image: '6.5.0+b1' } });
    expect(chosen).toMatchObject({ ok: true, value: { entry: { image: 'podinfo:6.5.0+b1', index: 1 } } });
  });
});

describe('the container', () => {
  const artifacts = [container('nginx:1.2'), container('envoy:2.0', 'proxy')];
  const history = [
    ...historyOf(['nginx:1.2', 'nginx:1.1']),
    ...historyOf(['envoy:2.0', 'envoy:1.9'], 'proxy'),
  ];
  const ask = (name: string | undefined, those: readonly Artifact[] = artifacts) =>
    chooseRollback({ artifacts: those, history, container: name, wish: PREVIOUS });

  it('is the only one where none is named', () => {
    expect(ask(undefined, artifacts.slice(1))).toMatchObject({ value: { entry: { image: 'envoy:1.9' } } });
  });

  it('is the named one', () => {
    expect(ask('proxy')).toMatchObject({
      value: { artifact: { name: 'proxy' }, entry: { image: 'envoy:1.9' } },
    });
  });

  it('has to be named where there are several, and they are listed', () => {
    expect(ask(undefined)).toEqual({
      ok: false,
      error: { kind: 'ambiguous', message: 'The workload has several containers; name one of web, proxy' },
    });
  });

  it('has to be there', () => {
    expect(ask('cache')).toEqual({
      ok: false,
      error: {
        kind: 'unknown-container',
        container: 'cache',
        message: 'The workload has no container cache; it has web, proxy',
      },
    });
  });
});

it('says what there is where there is no such entry', () => {
  const question = { artifacts: [container('nginx:1.2')], history: historyOf(['nginx:1.2', 'nginx:1.1']) };
  expect(chooseRollback({ ...question, wish: { index: 5 } })).toMatchObject({
    error: { message: 'No history entry found at index 5: web can go back to nginx:1.1' },
  });
  expect(chooseRollback({ ...question, history: [], wish: PREVIOUS })).toMatchObject({
    error: { message: 'No history entry found at index 1: the history of web holds nothing but what runs' },
  });
});

it('numbers the entries of each container by itself', () => {
  const artifacts = [container('nginx:1.2'), container('envoy:9', 'proxy')];
  const history = [
    ...historyOf(['envoy:2.0'], 'proxy'),
    ...historyOf(['nginx:1.2', 'nginx:1.1']),
    ...historyOf(['envoy:1.9'], 'proxy'),
    ...historyOf(['redis:6'], 'gone'),
  ];
  expect(numberHistory(artifacts, history).map(({ image, index }) => [image, index])).toEqual([
    ['envoy:2.0', 1],
    ['nginx:1.2', 0],
    ['nginx:1.1', 1],
    ['envoy:1.9', 2],
    ['redis:6', 1],
  ]);
});

describe('a rollback, whatever was updated and set by hand before', () => {
  const steps = fc.array(fc.record({ version: fc.nat(5), byHand: fc.boolean() }), { maxLength: 25 });

  it('never goes to what runs, never leaves the history, and finds each entry by its number', () => {
    fc.assert(
      fc.property(steps, fc.nat(12), (updates, index) => {
        let running = 'nginx:1.0';
        let history: readonly HistoryEntry[] = [];
        for (const { version, byHand } of updates) {
          const image = `nginx:1.${version}`;
          if (!byHand && image !== running)
            history = recordUpdate(history, running, { container: 'web', image, timestamp: TIME });
          running = image;
        }
        const artifacts = [container(running)];
        const chosen = chooseRollback({ artifacts, history, wish: { index } });
        if (!chosen.ok) return;
        const { image } = chosen.value.entry;
        expect(image).not.toBe(running);
        expect(history.map((entry) => entry.image)).toContain(image);
        expect(chosen.value.entry.index).toBe(index);
      }),
    );
  });

  it('finds a previous version as soon as one update was applied', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.integer({ min: 6, max: 9 }), (before, after) => {
        const image = `nginx:1.${after}`;
        const history = recordUpdate([], `nginx:1.${before}`, { container: 'web', image, timestamp: TIME });
        const chosen = chooseRollback({ artifacts: [container(image)], history, wish: PREVIOUS });
        expect(chosen).toMatchObject({ ok: true, value: { entry: { image: `nginx:1.${before}` } } });
      }),
    );
  });
});
