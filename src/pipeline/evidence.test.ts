import { describe, expect, it } from 'vitest';
import { aContainer, aWorkload } from '../../test/builders.ts';
import type { Platform } from '../core/platform.ts';
import { compareRunning } from '../core/running.ts';
import { KubernetesError, KubernetesUnreachableError } from '../kubernetes/errors.ts';
import { createRecordingLog } from '../telemetry/recording-log.ts';
import {
  createEvidence,
  type EvidenceGatherer,
  type EvidenceQuestion,
  type PlatformsAnswer,
} from './evidence.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;
const AMD: Platform = { os: 'linux', architecture: 'amd64' };
const ARM: Platform = { os: 'linux', architecture: 'arm64' };

function gatherer(given: {
  readonly pods?: () => readonly string[];
  readonly nodes?: readonly Platform[];
  readonly image?: PlatformsAnswer;
}): { readonly evidence: EvidenceGatherer; readonly asked: string[] } {
  const asked: string[] = [];
  const evidence = createEvidence({
    runningDigests: async () => given.pods?.() ?? [],
    nodePlatforms: () => Promise.resolve(given.nodes ?? []),
    platformsOf: ({ digest }) => {
      asked.push(digest);
      return Promise.resolve(given.image ?? { outcome: 'unavailable', message: 'it is down' });
    },
    credentialsFor: () => Promise.resolve([]),
    log: createRecordingLog().target('evidence'),
  });
  return { evidence, asked };
}

const question = (digest: string, image = 'nginx:1.25.0'): EvidenceQuestion => ({
  workload: aWorkload(),
  artifact: aContainer({ image }),
  repository: { host: 'docker.io', path: 'library/nginx' },
  digest,
});
const compare = async (evidence: EvidenceGatherer, digest: string, image?: string): Promise<string> =>
  compareRunning(await evidence.running(question(digest, image)), digest);

describe('what runs', () => {
  it('is what the pods say, without asking the registry where that is enough', async () => {
    const { evidence, asked } = gatherer({ pods: () => [A] });
    expect(await compare(evidence, A)).toBe('same');
    expect(asked).toEqual([]);
  });

  it.each<[string, PlatformsAnswer | undefined, string]>([
    [
      'the same where they run a part of the index',
      { outcome: 'found', platforms: [], otherNames: [B] },
      'same',
    ],
    ['another where they run none of it', { outcome: 'found', platforms: [], otherNames: [] }, 'different'],
    ['another where the registry does not tell its parts', undefined, 'different'],
  ])('is %s', async (_name, image, expected) => {
    const { evidence } = gatherer({ pods: () => [B], ...(image === undefined ? {} : { image }) });
    expect(await compare(evidence, A)).toBe(expected);
  });

  it('is, without pods, what the tag was when it was first seen', async () => {
    const { evidence } = gatherer({});
    expect(await compare(evidence, A)).toBe('unknown');
    expect(await compare(evidence, A)).toBe('same');
    expect(await compare(evidence, B)).toBe('different');
    expect(await compare(evidence, B, 'nginx:1.26.0')).toBe('unknown');
    evidence.forget(['Deployment/shop/web#web']);
    expect(await compare(evidence, A, 'nginx:1.26.0')).toBe('unknown');
  });

  it('is not known where the pods may not be read, but where Kubernetes does not answer it has to be asked again', async () => {
    const forbidden = new KubernetesError({ message: 'no', status: 403, reason: 'Forbidden' });
    const away = new KubernetesUnreachableError('reset');
    const failing = (error: Error): EvidenceGatherer =>
      gatherer({
        pods: () => {
          throw error;
        },
      }).evidence;
    expect(await compare(failing(forbidden), A)).toBe('unknown');
    await expect(failing(away).running(question(A))).rejects.toBe(away);
  });
});

describe('the platform', () => {
  it.each<[string, readonly Platform[], PlatformsAnswer | undefined, object]>([
    [
      'fits',
      [ARM],
      { outcome: 'found', platforms: [AMD, ARM], otherNames: [] },
      { fits: 'yes', questions: 1 },
    ],
    [
      'does not fit',
      [ARM],
      { outcome: 'found', platforms: [AMD], otherNames: [] },
      { fits: 'no', questions: 1 },
    ],
    ['is not asked for where no node is known', [], undefined, { fits: 'unknown', questions: 0 }],
    ['is not known where the registry does not tell', [ARM], undefined, { fits: 'unknown', questions: 1 }],
  ])('%s', async (_name, nodes, image, expected) => {
    const { evidence, asked } = gatherer({ nodes, ...(image === undefined ? {} : { image }) });
    const { fits } = await evidence.platform(question(A));
    expect({ fits, questions: asked.length }).toEqual(expected);
  });
});
