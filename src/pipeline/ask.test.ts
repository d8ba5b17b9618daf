import { describe, expect, it } from 'vitest';
import { aChart, aContainer, aRelease, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { settingsOf } from '../core/annotations.ts';
import { parseArtifact } from '../core/artifact-reference.ts';
import { toPolicyRule, type Confirmation, type ProposalInput, type VerifyMode } from '../core/decision.ts';
import type { Artifact, Workload } from '../core/workload.ts';
import { createAsk, type Ask, type AskerOptions } from './ask.ts';

const FOUND: Confirmation = { outcome: 'found', digest: `sha256:${'a'.repeat(64)}` };

function anAsk(change: Partial<AskerOptions> = {}): {
  readonly ask: Ask;
  readonly asked: string[];
  readonly clock: FakeClock;
} {
  const asked: string[] = [];
  const clock = new FakeClock(NOON);
  const ask = createAsk({
    confirm: ({ repository, tag }) => {
      asked.push(`image ${repository.path}:${tag}`);
      return Promise.resolve(FOUND);
    },
    confirmChart: ({ artifact, version }) => {
      asked.push(`chart ${artifact.name}:${version}`);
      return Promise.resolve(FOUND);
    },
    credentialsFor: () => Promise.resolve([]),
    forgetCredentials: () => void asked.push('forgotten'),
    explainCredentials: () => Promise.resolve('they are those of Secret shop/login'),
    verifyMode: 'auto',
    clock,
    ...change,
  });
  return { ask, asked, clock };
}

function inputOf(workload: Workload, artifact: Artifact): ProposalInput {
  const { settings, problems } = settingsOf(workload);
  const candidate = { tag: '1.26.0', source: 'webhook' } as const;
  const reference = parseArtifact(artifact);
  return { artifact, reference, settings, problems, rule: toPolicyRule(settings), candidate, requests: [] };
}

const candidate = { tag: '1.26.0', source: 'webhook' } as const;

describe('asking about a candidate', () => {
  it.each<[VerifyMode, Artifact, readonly string[]]>([
    ['auto', aContainer(), ['image library/nginx:1.26.0']],
    ['always', aContainer(), ['image library/nginx:1.26.0']],
    ['never', aContainer(), []],
    ['auto', aChart(), ['chart nginx:1.26.0']],
    ['never', aChart(), ['chart nginx:1.26.0']],
  ])('in mode %s asks where $image is said to be', async (verifyMode, artifact, expected) => {
    const { ask, asked } = anAsk({ verifyMode });
    const workload = artifact.type === 'chart' ? aRelease() : aWorkload();
    await ask(workload, inputOf(workload, artifact), candidate);
    expect(asked).toEqual(expected);
  });

  it('believes whoever brings the candidate, and asks nobody else', async () => {
    const { ask, asked } = anAsk();
    const answer: Confirmation = { outcome: 'missing', message: 'gone' };
    const brought = { ...candidate, confirm: () => Promise.resolve(answer) };
    expect(await ask(aRelease(), inputOf(aRelease(), aChart()), brought)).toEqual(answer);
    expect(asked).toEqual([]);
  });

  it('asks again for a chart that has just been pushed and cannot be read yet', async () => {
    const answers: Confirmation[] = [{ outcome: 'missing', message: 'not yet' }, FOUND];
    const { ask, clock } = anAsk({ confirmChart: () => Promise.resolve(answers.shift() ?? FOUND) });
    const patient = { ...candidate, patientUntilMs: NOON + 2000 };
    const answer = ask(aRelease(), inputOf(aRelease(), aChart()), patient);
    await clock.advance(1000);
    expect(await answer).toEqual(FOUND);
  });

  it('asks no second time where an image stands in the place of a chart', async () => {
    const image: Confirmation = { outcome: 'missing', message: 'it is an image', isOther: true };
    const { ask, clock } = anAsk({ confirmChart: () => Promise.resolve(image) });
    const patient = { ...candidate, patientUntilMs: NOON + 2000 };
    expect(await ask(aRelease(), inputOf(aRelease(), aChart()), patient)).toEqual(image);
    expect(clock.pending).toBe(0);
  });

  it('names the Secret of an image that is refused, and has it read anew', async () => {
    const denied: Confirmation = { outcome: 'unavailable', message: 'no', denied: true };
    const { ask, asked } = anAsk({ confirm: () => Promise.resolve(denied) });
    const answer = await ask(aWorkload(), inputOf(aWorkload(), aContainer()), candidate);
    expect(answer).toEqual({ ...denied, message: 'no; they are those of Secret shop/login' });
    expect(asked).toEqual(['forgotten']);
  });
});
