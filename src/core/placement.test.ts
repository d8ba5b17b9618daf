import { describe, expect, it } from 'vitest';
import { mayLandOn, type Node, type NodeRequirement, type NodeTerm, type Placement } from './placement.ts';

const NODE: Node = {
  name: 'worker-1',
  labels: { zone: 'a', 'kubernetes.io/arch': 'amd64', cores: '16' },
  platform: { os: 'linux', architecture: 'amd64' },
};

const label = (key: string, operator: NodeRequirement['operator'], ...values: string[]): NodeTerm => ({
  labels: [{ key, operator, values }],
  fields: [],
});
const name = (operator: NodeRequirement['operator'], ...values: string[]): NodeTerm => ({
  labels: [],
  fields: [{ key: 'metadata.name', operator, values }],
});

describe('a pod', () => {
  it.each<[string, Partial<Placement>, boolean]>([
    ['without conditions may land anywhere', {}, true],
    ['lands where its selector matches', { nodeSelector: { zone: 'a' } }, true],
    [
      'does not land where a label differs',
      { nodeSelector: { zone: 'a', 'kubernetes.io/arch': 'arm64' } },
      false,
    ],
    ['does not land where a label is missing', { nodeSelector: { gpu: 'yes' } }, false],
    ['is not taken in by what every object has', { nodeSelector: { constructor: 'x' } }, false],
    [
      'lands where one of its terms holds',
      { required: [label('zone', 'In', 'b'), label('zone', 'In', 'a')] },
      true,
    ],
    ['does not land where no term holds', { required: [label('zone', 'In', 'b')] }, false],
    [
      'needs all requirements of a term',
      {
        required: [
          { labels: [...label('zone', 'In', 'a').labels, ...label('gpu', 'Exists').labels], fields: [] },
        ],
      },
      false,
    ],
    ['lands nowhere by an empty term', { required: [{ labels: [], fields: [] }] }, false],
    ['lands nowhere without any term', { required: [] }, false],
    ['needs selector and term', { nodeSelector: { zone: 'b' }, required: [label('zone', 'In', 'a')] }, false],
    ['may be kept away', { required: [label('zone', 'NotIn', 'a')] }, false],
    ['is not kept away by a label that is missing', { required: [label('gpu', 'NotIn', 'yes')] }, true],
    ['may want a label to be there', { required: [label('zone', 'Exists')] }, true],
    ['may want a label not to be there', { required: [label('zone', 'DoesNotExist')] }, false],
    ['may want more', { required: [label('cores', 'Gt', '8')] }, true],
    ['may want less', { required: [label('cores', 'Lt', '8')] }, false],
    ['does not land where a number is none', { required: [label('zone', 'Gt', '8')] }, false],
    ['may name its node', { required: [name('In', 'worker-1')] }, true],
    ['may name another node', { required: [name('In', 'worker-2')] }, false],
  ])('%s', (_name, placement, lands) => {
    expect(mayLandOn({ nodeSelector: {}, ...placement }, NODE)).toBe(lands);
  });
});
