import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aContainer, aRequest, aWorkload, NOON } from '../../test/builders.ts';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import type { Confirmation } from '../core/decision.ts';
import { repositoryKey } from '../core/image-reference.ts';
import { pollWish } from '../core/poll-wish.ts';
import { aTag } from '../core/tag-arbitraries.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import type { PollTrouble } from '../triggers/poller/ask.ts';
import type { PollMember } from '../triggers/poller/groups.ts';
import type { PollResult } from '../triggers/poller/poller.ts';
import { createPolledIntake, type PolledIntake } from './polled.ts';
import type { Outcome } from './outcome.ts';
import type { Candidate } from './ask.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const FOUND: Confirmation = { outcome: 'found', digest: DIGEST };
const STAY: Outcome = {
  kind: 'stay',
  blockers: [{ code: 'awaiting-approval', message: 'asked for already' }],
};

interface Scene {
  readonly intake: PolledIntake;
  readonly considered: Candidate[];
  readonly stays: string[];
  readonly asked: string[];
}

function aScene(
  given: {
    readonly requests?: () => readonly UpdateRequest[];
    readonly consider?: (candidate: Candidate) => Outcome;
  } = {},
): Scene {
  const considered: Candidate[] = [];
  const stays: string[] = [];
  const asked: string[] = [];
  const intake = createPolledIntake({
    requests: { ofArtifact: () => given.requests?.() ?? [] },
    proposer: {
      async consider(_workload, _artifact, candidate) {
        considered.push(candidate);
        await candidate.confirm?.();
        return given.consider?.(candidate) ?? STAY;
      },
      stay(_workload, _artifact, tag, blockers) {
        stays.push(`${tag}: ${blockers.map(({ code }) => code).join()}`);
        return { kind: 'stay', blockers };
      },
    },
    confirm: ({ tag }) => {
      asked.push(tag);
      return Promise.resolve(FOUND);
    },
    confirmChart: () => Promise.resolve(FOUND),
    explainCredentials: () => Promise.resolve('the credentials are those of Secret shop/regcred'),
    clock: new FakeClock(NOON),
    log: createRecordingLog().target('polled'),
  });
  return { intake, considered, stays, asked };
}

function aMember(image = 'nginx:1.25.0', annotations: Record<string, string> = {}, name = 'web'): PollMember {
  const artifact = aContainer({ image });
  const workload = aWorkload({
    name,
    artifacts: [artifact],
    annotations: { 'headwind.sh/event-source': 'both', ...annotations },
  });
  const wish = pollWish(workload, artifact, 300_000);
  if (wish === undefined) throw new Error('it does not want to be polled');
  return { key: `Deployment/shop/${name}#web`, workload, artifact, wish };
}

function aResult(change: Partial<PollResult> = {}, members: readonly PollMember[] = [aMember()]): PollResult {
  const [first] = members;
  if (first === undefined) throw new Error('a poll has members');
  return {
    repository: first.wish.reference.repository,
    members,
    list: { tags: ['1.25.0', '1.26.0', '1.27.0', '2.0.0'], version: 'one' },
    digests: new Map(),
    listTrouble: undefined,
    digestTroubles: new Map(),
    ...change,
  };
}

const TRACKED = { 'headwind.sh/track-digest': 'true' };
const key = aMember().key;
const repository = repositoryKey(aMember().wish.reference.repository);
const trouble = (kind: PollTrouble['kind']): PollTrouble => ({
  kind,
  message: 'no answer',
  retryAfterMs: undefined,
});

describe('a complete list', () => {
  it('brings the newest version that the policy admits', async () => {
    const { intake, considered } = aScene();
    await intake.deliver(aResult());
    expect(considered).toMatchObject([{ tag: '1.27.0', source: 'polling' }]);
  });

  it('that brings nothing is told, and only once', async () => {
    const { intake, stays } = aScene();
    const nothing = aResult({ list: { tags: ['1.25.0', '1.24.0'], version: 'one' } });
    await intake.deliver(nothing);
    await intake.deliver(nothing);
    expect(stays).toEqual(['1.25.0: up-to-date']);
  });

  it('costs nothing the second time, until list, settings or requests change', async () => {
    let requests: readonly UpdateRequest[] = [];
    const { intake, considered } = aScene({ requests: () => requests });
    await intake.deliver(aResult());
    await intake.deliver(aResult());
    expect(considered).toHaveLength(1);
    await intake.deliver(aResult({ list: { tags: ['1.28.0'], version: 'two' } }));
    expect(considered).toHaveLength(2);
    await intake.deliver(aResult({}, [aMember('nginx:1.25.0', { 'headwind.sh/policy': 'major' })]));
    expect(considered).toHaveLength(3);
    requests = [aRequest({ spec: { newImage: 'nginx:1.27.0' } })];
    await intake.deliver(aResult());
    expect(considered).toHaveLength(4);
  });

  it.each(['registry', 'registry-auth', 'platform', 'cluster'] as const)(
    'is looked at again where %s stood against what it brought',
    async (code) => {
      const { intake, considered } = aScene({
        consider: () => ({ kind: 'stay', blockers: [{ code, message: '' }] }),
      });
      await intake.deliver(aResult());
      const before = considered.length;
      await intake.deliver(aResult());
      expect(considered.length).toBe(2 * before);
    },
  );

  it('is looked at again where it could not be recorded', async () => {
    const { intake, considered } = aScene({ consider: () => ({ kind: 'unresolved' }) });
    expect(await intake.deliver(aResult())).toEqual({ created: 0, unresolved: 1 });
    await intake.deliver(aResult());
    expect(considered).toHaveLength(2);
  });

  it.each(['tag-missing', 'platform'] as const)(
    'is gone through past what has the blocker %s',
    async (code) => {
      const { intake, considered } = aScene({
        consider: ({ tag }) =>
          tag === '1.27.0' ? { kind: 'stay', blockers: [{ code, message: '' }] } : STAY,
      });
      await intake.deliver(aResult());
      expect(considered.map(({ tag }) => tag)).toEqual(['1.27.0', '1.26.0']);
    },
  );

  it('is not gone through without end', async () => {
    const tags = Array.from({ length: 50 }, (_, index) => `1.${26 + index}.0`);
    const { intake, considered } = aScene({
      consider: () => ({ kind: 'stay', blockers: [{ code: 'tag-missing', message: '' }] }),
    });
    await intake.deliver(aResult({ list: { tags, version: 'one' } }));
    expect(considered).toHaveLength(5);
  });

  it('makes the registry be asked for each tag once, however many want it', async () => {
    const { intake, asked, considered } = aScene();
    const members = Array.from({ length: 30 }, (_, index) => aMember('nginx:1.25.0', {}, `w${index}`));
    await intake.deliver(aResult({}, members));
    expect(considered).toHaveLength(30);
    expect(asked).toEqual(['1.27.0']);
  });

  it('does not bring back at once what failed when it was applied', async () => {
    const lastUpdated = new Date(NOON - 60_000).toISOString();
    const failed = aRequest({
      spec: { newImage: 'nginx:1.27.0' },
      status: { phase: 'Failed', message: 'refused', lastUpdated },
    });
    const { intake, considered, stays } = aScene({ requests: () => [failed] });
    await intake.deliver(aResult());
    expect([considered, stays]).toEqual([[], ['1.27.0: not-before']]);
  });
});

describe('a digest', () => {
  const digests = new Map([['1.25.0', DIGEST]]);

  it('counts where there is no newer version', async () => {
    const { intake, considered } = aScene();
    const list = { tags: ['1.25.0'], version: 'one' };
    await intake.deliver(aResult({ list, digests }, [aMember('nginx:1.25.0', TRACKED)]));
    expect(considered.map(({ tag }) => tag)).toEqual(['1.25.0']);
    expect(await considered[0]?.confirm?.()).toEqual(FOUND);
  });

  it('does not count beside a newer version, nor for those who do not follow it', async () => {
    const { intake, considered } = aScene();
    await intake.deliver(aResult({ digests }, [aMember('nginx:1.25.0', TRACKED), aMember()]));
    expect(considered.map(({ tag }) => tag)).toEqual(['1.27.0', '1.27.0']);
  });

  it('is compared again as long as nobody knows what runs', async () => {
    const { intake, considered } = aScene({ consider: () => ({ kind: 'stay', blockers: [], unsure: true }) });
    const result = aResult({ list: { tags: [], version: 'one' }, digests }, [
      aMember('nginx:1.25.0', TRACKED),
    ]);
    await intake.deliver(result);
    await intake.deliver(result);
    expect(considered).toHaveLength(2);
  });
});

describe('a poll that failed', () => {
  it('Invariant 2: decides nothing by list, whatever the settings', async () => {
    const kinds = fc.constantFrom<PollTrouble['kind']>('denied', 'unavailable', 'missing', 'over-budget');
    await fc.assert(
      fc.asyncProperty(
        kinds,
        fc.constantFrom('patch', 'minor', 'major', 'all', 'force'),
        aTag,
        async (kind, policy, tag) => {
          const { intake, considered, stays } = aScene();
          const workload = aWorkload({
            annotations: {
              'headwind.sh/event-source': 'both',
              'headwind.sh/policy': policy,
              'headwind.sh/track-digest': 'false',
            },
          });
          const artifact = aContainer({ image: `nginx:${tag}` });
          const wish = pollWish(workload, artifact, 1000);
          if (wish?.wantsList !== true) return;
          await intake.deliver(
            aResult({ list: undefined, listTrouble: trouble(kind) }, [{ key, workload, artifact, wish }]),
          );
          expect([considered, stays]).toEqual([[], []]);
        },
      ),
    );
  });

  it.each([
    ['denied', 'registry-auth', 'no answer; the credentials are those of Secret shop/regcred'],
    ['unavailable', 'registry', 'no answer'],
    ['missing', 'tag-missing', 'no answer'],
    ['over-budget', 'tag-budget', 'no answer'],
  ] as const)('because of %s is told as %s, until one succeeds', async (kind, code, message) => {
    const { intake } = aScene();
    await intake.deliver(aResult({ list: undefined, listTrouble: trouble(kind) }));
    expect(intake.troublesOf(key, () => repository)).toEqual([{ code, message }]);
    expect(intake.troublesOf(key, () => 'docker.io/library/redis')).toEqual([]);
    await intake.deliver(aResult());
    expect(intake.troublesOf(key, () => repository)).toEqual([]);
  });

  it('is no trouble for those who do not want what failed', async () => {
    const { intake } = aScene();
    const digestTroubles = new Map([['1.25.0', trouble('unavailable')]]);
    await intake.deliver(aResult({ digestTroubles }));
    expect(intake.troublesOf(key, () => repository)).toEqual([]);
  });

  it('is forgotten with the workload', async () => {
    const { intake } = aScene();
    await intake.deliver(aResult({ list: undefined, listTrouble: trouble('unavailable') }));
    intake.forget([key]);
    expect(intake.troublesOf(key, () => repository)).toEqual([]);
  });
});
