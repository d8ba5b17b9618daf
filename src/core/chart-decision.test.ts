import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aChart, aRelease, aRequest } from '../../test/builders.ts';
import { settingsOf } from './annotations.ts';
import { parseArtifact } from './artifact-reference.ts';
import {
  decide,
  proposalBlockers,
  toPolicyRule,
  type Confirmation,
  type ProposalInput,
  type VerifyMode,
} from './decision.ts';
import { chooseUnheld } from './list-choice.ts';
import { compareForPolicy, POLICIES } from './policy.ts';
import { fluxOwnsRange } from './release-chart.ts';
import type { Signal } from './signal.ts';
import { aRelatedTag, aTag } from './tag-arbitraries.ts';
import type { UpdateRequest } from './update-request.ts';
import type { Artifact } from './workload.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const FOUND: Confirmation = { outcome: 'found', digest: DIGEST };
const SILENT: Confirmation = { outcome: 'unavailable', message: 'no answer' };
const NO_CHART: Confirmation = { outcome: 'missing', message: 'nginx:1.26.0 is an image and no chart' };

interface Case {
  readonly chart?: Artifact;
  readonly version?: string;
  readonly source?: Signal['source'];
  readonly type?: Signal['type'];
  readonly annotations?: Record<string, string>;
  readonly requests?: readonly UpdateRequest[];
}

function inputOf({
  chart = aChart(),
  version = '1.26.0',
  source = 'discovery',
  ...given
}: Case): ProposalInput {
  const release = aRelease({ artifacts: [chart], annotations: given.annotations ?? {} });
  const { settings, problems } = settingsOf(release);
  const candidate = {
    tag: version,
    source,
    ...(given.type === undefined ? {} : { type: given.type }),
  };
  return {
    artifact: chart,
    reference: parseArtifact(chart),
    settings,
    problems,
    rule: toPolicyRule(settings),
    candidate,
    requests: given.requests ?? [],
  };
}

const codesOf = (given: Case): readonly string[] => proposalBlockers(inputOf(given)).map(({ code }) => code);
const sources = (value: string): Record<string, string> => ({ 'headwind.sh/event-source': value });

describe('what keeps a chart version from being proposed', () => {
  it.each<[string, Case, readonly string[]]>([
    ['nothing, when it is newer and the policy admits it', {}, []],
    ['the policy', { version: '2.0.0' }, ['policy']],
    ['its age', { version: '1.24.0' }, ['up-to-date']],
    ['that it is set already', { version: '1.25.0' }, ['up-to-date']],
    ['a pre-release that nobody asked for', { version: '1.26.0-rc.1' }, ['policy']],
    ['build metadata alone', { version: '1.25.0+up1' }, ['up-to-date']],
    [
      'nothing, when policy all counts build metadata',
      { version: '1.25.0+up1', annotations: { 'headwind.sh/policy': 'all' } },
      [],
    ],
    [
      'a pattern',
      { annotations: { 'headwind.sh/policy': 'glob', 'headwind.sh/pattern': '1.27.*' } },
      ['pattern'],
    ],
    [
      'nothing, when the pattern matches',
      { annotations: { 'headwind.sh/policy': 'glob', 'headwind.sh/pattern': '1.26.*' } },
      [],
    ],
    ['images that name another chart', { annotations: { 'headwind.sh/images': 'redis' } }, ['not-selected']],
    ['nothing, when images name it', { annotations: { 'headwind.sh/images': 'ngin*' } }, []],
    [
      'a digest that is to be tracked, since a chart has none',
      { version: '1.25.0', annotations: { 'headwind.sh/policy': 'force' }, source: 'webhook' },
      ['up-to-date'],
    ],
    [
      'a range',
      { chart: aChart({ image: 'nginx:1.x', release: { obstacle: fluxOwnsRange('f', '1.x', '1.4.0') } }) },
      ['flux-owns-range'],
    ],
    [
      'a newer version that runs already',
      { chart: aChart({ release: { running: '1.27.0' } }) },
      ['up-to-date'],
    ],
    [
      'a no',
      {
        requests: [
          aRequest({
            spec: { updateType: 'helmChart', currentImage: 'nginx:1.25.0', newImage: 'nginx:1.26.0' },
            status: { phase: 'Rejected', rejectedBy: 'alice' },
          }),
        ],
      },
      ['held'],
    ],
  ])('%s', (_, given, expected) => {
    expect(codesOf(given)).toEqual(expected);
  });

  it.each<[string, Record<string, string>, Signal['source'], readonly string[]]>([
    ['discovery, where nothing is written', {}, 'discovery', []],
    ['polls, where nothing is written', {}, 'polling', []],
    ['webhooks, where nothing is written', {}, 'webhook', []],
    ['webhooks alone', sources('webhook'), 'webhook', []],
    ['webhooks alone, and not discovery', sources('webhook'), 'discovery', ['event-source']],
    ['polls and discovery', sources('polling'), 'discovery', []],
    ['polls and discovery, and not webhooks', sources('polling'), 'webhook', ['event-source']],
    ['everything', sources('both'), 'discovery', []],
    ['nothing', sources('none'), 'discovery', ['event-source']],
  ])('listens to %s', (_, annotations, source, expected) => {
    expect(codesOf({ annotations, source })).toEqual(expected);
  });
});

describe('the decision about a chart', () => {
  it('changes the version and nothing else, and names no digest in it', () => {
    expect(decide(inputOf({}), FOUND, 'auto')).toEqual({
      action: 'update',
      newImage: 'nginx:1.26.0',
      newDigest: DIGEST,
      reason: 'New version available for nginx: 1.25.0 -> 1.26.0',
    });
  });

  it.each<[string, Case & { readonly mode: VerifyMode }, Confirmation, string]>([
    [
      'an image of the same name stays an image',
      { source: 'webhook', mode: 'auto' },
      NO_CHART,
      'tag-missing',
    ],
    ['it does, where nothing is verified', { source: 'webhook', mode: 'never' }, NO_CHART, 'tag-missing'],
    ['a list that nobody confirms', { mode: 'auto' }, SILENT, 'registry'],
    [
      'a push that may be one of an image',
      { source: 'webhook', type: 'image', mode: 'auto' },
      SILENT,
      'registry',
    ],
    ['a push of a chart', { source: 'webhook', type: 'chart', mode: 'auto' }, SILENT, 'update'],
    [
      'a push of a chart, where all is verified',
      { source: 'webhook', type: 'chart', mode: 'always' },
      SILENT,
      'registry',
    ],
  ])('%s', (_, { mode, ...given }, confirmation, expected) => {
    const decision = decide(inputOf(given), confirmation, mode);
    expect(decision.action === 'update' ? 'update' : decision.blockers[0]?.code).toBe(expected);
  });

  it('keeps quiet about a digest that the source does not tell', () => {
    const decision = decide(inputOf({}), { outcome: 'found', digest: '' }, 'auto');
    expect(decision).toMatchObject({ action: 'update', newDigest: undefined });
  });
});

describe('choosing from a list of chart versions', () => {
  const aPolicy = fc.constantFrom(...POLICIES.filter((policy) => policy !== 'none'));
  const aList = fc.array(fc.oneof(aTag, aRelatedTag), { maxLength: 12 });

  it('never takes what is below the version that is set, or that runs', () => {
    fc.assert(
      fc.property(aPolicy, aRelatedTag, aRelatedTag, aList, (policy, current, running, tags) => {
        const chart = aChart({ image: `nginx:${current}`, release: { running } });
        const annotations = { 'headwind.sh/policy': policy, 'headwind.sh/pattern': '*' };
        const input = inputOf({ chart, annotations });
        const choice = chooseUnheld({
          rule: input.rule,
          currentImage: chart.image,
          currentTag: current,
          tags,
          requests: [],
        });
        if ('blocker' in choice) return;
        const candidate = { tag: choice.selected, source: 'discovery' } as const;
        if (proposalBlockers({ ...input, candidate }).length > 0) return;
        expect(compareForPolicy(choice.selected, current, policy) ?? 0).toBeGreaterThan(0);
        expect(compareForPolicy(choice.selected, running) ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('policy all stays at the newest, however often it is asked', () => {
    fc.assert(
      fc.property(aRelatedTag, aList, (current, tags) => {
        const { rule } = inputOf({ annotations: { 'headwind.sh/policy': 'all' } });
        const question = (currentTag: string): Parameters<typeof chooseUnheld>[0] => ({
          rule,
          currentImage: `nginx:${currentTag}`,
          currentTag,
          tags: [current, ...tags],
          requests: [],
        });
        const first = chooseUnheld(question(current));
        const newest = 'selected' in first ? first.selected : current;
        expect(chooseUnheld(question(newest))).toMatchObject({ blocker: { code: 'up-to-date' } });
      }),
    );
  });
});
