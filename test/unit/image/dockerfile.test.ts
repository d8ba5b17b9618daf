import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEBIAN, labelsOf, NODE_VERSION, RUN } from '../../../tools/image/config.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')));

/** The instructions of the last stage: lines that go on are one, `ARG`s with a value are put in. */
function lastStage(): ReadonlyMap<string, readonly string[]> {
  const lines = read('image/Dockerfile')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const stage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  const instructions = new Map<string, string[]>();
  for (const line of stage) {
    const [name = '', ...rest] = line.split(' ');
    instructions.set(name, [
      ...(instructions.get(name) ?? []),
      rest.join(' ').replaceAll('$VERSION', version),
    ]);
  }
  return instructions;
}

/** `A="b" C="d"` */
function pairs(text = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(/([\w.]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
}

describe('image/Dockerfile', () => {
  const stage = lastStage();

  it('begins with nothing, and takes what the recipe laid down', () => {
    expect([stage.get('FROM'), stage.get('COPY')]).toEqual([['scratch'], ['--from=build /image /']]);
    expect(stage.has('RUN')).toBe(false);
  });

  it('is built with the Node and the Debian that are in it', () => {
    expect(read('image/Dockerfile')).toContain(`node:${NODE_VERSION}-${DEBIAN.release}-slim AS build\n`);
  });

  it.each([
    ['USER', RUN.user],
    ['WORKDIR', RUN.workingDir],
    ['STOPSIGNAL', RUN.stopSignal],
    ['EXPOSE', RUN.ports.join(' ')],
  ])('says of %s what make image says', (instruction, value) => {
    expect(stage.get(instruction)).toEqual([value]);
  });

  it('runs the same command with the same environment', () => {
    expect(JSON.parse(stage.get('ENTRYPOINT')?.[0] ?? '')).toEqual(RUN.entrypoint);
    expect(pairs(stage.get('ENV')?.[0])).toEqual(RUN.env);
  });

  it('carries the same labels, of the version that package.json names', () => {
    const labels = labelsOf({ version, revision: '$REVISION', epoch: 0 });

    expect(stage.get('ARG')).toContain(`VERSION=${version}`);
    expect(pairs(stage.get('LABEL')?.[0])).toEqual({
      ...labels,
      'org.opencontainers.image.created': '$CREATED',
    });
  });
});

describe('the version of Node in the image', () => {
  it('is the one that tools/node.sh fetches', () => {
    expect(read('tools/node.sh')).toContain(`fetched_version=${NODE_VERSION}\n`);
  });
});
