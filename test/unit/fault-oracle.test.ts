import { describe, expect, it } from 'vitest';
import { readTogether } from '../faults/evidence.ts';
import { admits, compare, judge, type Evidence, type SeenRequest } from '../faults/oracle.ts';

function aRequest(from: string, to: string, more: Partial<SeenRequest> = {}): SeenRequest {
  const name = `web-${from}-${to}`;
  return { name, from, to, phase: 'Completed', message: 'applied', isRollback: false, ...more };
}

/** A workload that went from 1.0.0 by 1.1.0 to 1.2.0, as it should. */
function wellDone(more: Partial<Evidence> = {}): Evidence {
  return {
    name: 'web',
    policy: 'minor',
    first: '1.0.0',
    promised: ['1.1.0', '1.2.0'],
    pushed: ['1.1.0', '1.2.0', '2.0.0'],
    running: '1.2.0',
    generation: 3,
    sights: [
      { generation: 1, tag: '1.0.0' },
      { generation: 2, tag: '1.1.0' },
      { generation: 3, tag: '1.2.0' },
    ],
    history: [
      { tag: '1.0.0', request: undefined },
      { tag: '1.1.0', request: 'web-1.0.0-1.1.0' },
      { tag: '1.2.0', request: 'web-1.1.0-1.2.0' },
    ],
    requests: [aRequest('1.0.0', '1.1.0'), aRequest('1.1.0', '1.2.0')],
    approved: [],
    rejected: [],
    mustRollBack: false,
    ...more,
  };
}

const ROLLED_BACK: Partial<Evidence> = {
  running: '1.0.0',
  promised: ['1.1.0'],
  history: [
    { tag: '1.0.0', request: undefined },
    { tag: '1.1.0', request: 'web-1.0.0-1.1.0' },
    { tag: '1.0.0', request: 'back' },
  ],
  sights: [],
  requests: [
    aRequest('1.0.0', '1.1.0', { phase: 'RolledBack' }),
    aRequest('1.1.0', '1.0.0', { name: 'back', isRollback: true }),
  ],
  mustRollBack: true,
};

describe('a run that went well', () => {
  it.each<[string, Partial<Evidence>]>([
    ['two updates one after the other', {}],
    ['a witness that missed one of them', { sights: [{ generation: 3, tag: '1.2.0' }] }],
    [
      'nothing at all',
      { promised: [], running: '1.0.0', generation: 1, sights: [], history: [], requests: [] },
    ],
    ['a version that was rolled back by a person', ROLLED_BACK],
    [
      'an approved request that a higher version was faster than',
      {
        approved: ['r'],
        requests: [
          ...wellDone().requests,
          aRequest('1.0.0', '1.0.1', {
            name: 'r',
            phase: 'Failed',
            message: 'The workload moved on its own',
          }),
        ],
      },
    ],
    [
      'a request made on old news, for what had been done',
      {
        requests: [
          ...wellDone().requests,
          aRequest('1.0.0', '1.2.0', { message: 'The workload runs web:1.2.0 already' }),
        ],
      },
    ],
    ['a version that was heard of though nobody acknowledged it', { promised: ['1.1.0'] }],
    [
      'a request that a newer one took the place of',
      {
        requests: [
          ...wellDone().requests,
          aRequest('1.0.0', '1.2.0', { phase: 'Superseded', message: 'newer' }),
        ],
      },
    ],
  ])('%s', (_, more) => {
    expect(judge(wellDone(more))).toEqual({ wrong: [], missing: [] });
  });
});

describe('what is missing', () => {
  it.each<[string, Partial<Evidence>, string]>([
    [
      'an acknowledged webhook is lost',
      { promised: ['1.1.0', '1.2.0', '1.3.0'] },
      'runs 1.2.0, and 1.3.0 is lost',
    ],
    [
      'a request is left lying',
      { requests: [...wellDone().requests, aRequest('1.2.0', '1.3.0', { name: 'r', phase: 'Approved' })] },
      'r is still Approved',
    ],
    [
      'who was faster than an approved request has not written down yet that it is done',
      {
        approved: ['late'],
        generation: 2,
        sights: [],
        running: '1.1.0',
        promised: ['1.1.0'],
        history: wellDone().history.slice(0, 2),
        requests: [
          aRequest('1.0.0', '1.1.0', { phase: 'Approved' }),
          aRequest('1.0.0', '1.0.1', {
            name: 'late',
            phase: 'Failed',
            message: 'The workload moved on its own',
          }),
        ],
      },
      'web-1.0.0-1.1.0 is still Approved',
    ],
    ['a rollback that somebody wants', { mustRollBack: true }, 'is not rolled back'],
  ])('%s', (_, more, expected) => {
    const { wrong, missing } = judge(wellDone(more));
    expect(wrong).toEqual([]);
    expect(missing.join()).toContain(expected);
  });
});

describe('what is wrong', () => {
  const history = wellDone().history;
  it.each<[string, Partial<Evidence>, string]>([
    ['changed more often than its history tells', { generation: 4 }, 'was changed 3 times'],
    [
      'the same update applied twice',
      { generation: 4, history: [...history, { tag: '1.2.0', request: 'web-1.1.0-1.2.0' }] },
      'went to 1.2.0 twice',
    ],
    [
      'below what it ran',
      {
        running: '1.1.0',
        generation: 4,
        history: [...history, { tag: '1.1.0', request: 'web-1.2.0-1.1.0' }],
      },
      'went below: from 1.2.0 to 1.1.0',
    ],
    [
      'a version that the policy does not admit',
      { running: '2.0.0', generation: 4, history: [...history, { tag: '2.0.0', request: 'x' }] },
      'went to 2.0.0, against policy minor',
    ],
    [
      'a version that nobody pushed',
      { running: '1.9.0', generation: 4, history: [...history, { tag: '1.9.0', request: 'x' }] },
      'went to 1.9.0, which nobody pushed',
    ],
    [
      'another version in between than its history tells',
      {
        sights: [
          { generation: 1, tag: '1.0.0' },
          { generation: 2, tag: '1.2.0' },
          { generation: 3, tag: '1.2.0' },
        ],
      },
      'ran 1.0.0, 1.2.0, 1.2.0',
    ],
    ['another version than its history ends with', { running: '1.1.0' }, 'its history ends with 1.2.0'],
    [
      'a change without a request',
      { history: [...history.slice(0, 2), { tag: '1.2.0', request: undefined }] },
      '1.2.0 has no request',
    ],
    [
      'two requests for the same update',
      {
        requests: [...wellDone().requests, aRequest('1.1.0', '1.2.0', { name: 'again', phase: 'Approved' })],
      },
      'has two requests from 1.1.0 to 1.2.0',
    ],
    [
      'a request that failed',
      { requests: [...wellDone().requests, aRequest('1.2.0', '1.3.0', { name: 'r', phase: 'Failed' })] },
      'r ended Failed',
    ],
    [
      'a request that says it was applied, and was not',
      { requests: [...wellDone().requests, aRequest('1.2.0', '1.3.0', { name: 'r' })] },
      'r is Completed, and was never applied',
    ],
    [
      'a request that says it was done already, and was not',
      {
        requests: [
          ...wellDone().requests,
          aRequest('1.2.0', '1.3.0', { name: 'r', message: 'The workload runs web:1.3.0 already' }),
        ],
      },
      'r is Completed, and was never applied',
    ],
    [
      'a request that was applied and says it was not',
      { requests: [aRequest('1.0.0', '1.1.0'), aRequest('1.1.0', '1.2.0', { phase: 'Superseded' })] },
      'was applied, and is Superseded',
    ],
    ['a request that was applied and is gone', { requests: [aRequest('1.0.0', '1.1.0')] }, 'and is gone'],
    [
      'an approval that was forgotten',
      {
        approved: ['r'],
        requests: [...wellDone().requests, aRequest('1.2.0', '1.3.0', { name: 'r', phase: 'Pending' })],
      },
      'r was approved, and is Pending',
    ],
    ['a rejection that was forgotten', { rejected: ['web-1.1.0-1.2.0'] }, 'was rejected, and is Completed'],
    [
      'a version that was taken back and came again',
      {
        ...ROLLED_BACK,
        running: '1.1.0',
        generation: 4,
        history: [...(ROLLED_BACK.history ?? []), { tag: '1.1.0', request: 'again' }],
      },
      'went to 1.1.0 twice',
    ],
    [
      'a request that is rolled back without a rollback',
      { requests: [aRequest('1.0.0', '1.1.0'), aRequest('1.1.0', '1.2.0', { phase: 'RolledBack' })] },
      'there is no rollback of it',
    ],
  ])('%s', (_, more, expected) => {
    expect(judge(wellDone(more)).wrong.join('\n')).toContain(expected);
  });
});

describe('the rules of the oracle itself', () => {
  it.each([
    ['patch', '1.0.1', true],
    ['patch', '1.1.0', false],
    ['minor', '1.1.0', true],
    ['minor', '2.0.0', false],
    ['major', '2.0.0', true],
    ['all', '0.9.0', false],
  ] as const)('%s from 1.0.0 to %s: %s', (policy, to, expected) => {
    expect(admits(policy, '1.0.0', to)).toBe(expected);
  });

  it('versions are numbers', () => {
    expect(['1.10.0', '1.9.0', '2.0.0'].toSorted(compare)).toEqual(['1.9.0', '1.10.0', '2.0.0']);
  });
});

describe('what is read of requests and workloads belongs together', () => {
  const named = (...uids: readonly string[]): readonly { readonly metadata: { readonly uid: string } }[] =>
    uids.map((uid) => ({ metadata: { uid } }));

  it.each<[string, readonly (readonly string[])[], string]>([
    ['no request came meanwhile', [['a'], ['a']], 'a beside workloads 1'],
    ['a request went meanwhile', [['a', 'b'], ['a']], 'a,b beside workloads 1'],
    [
      'a request came while the workloads were read',
      [['a'], ['a', 'b'], ['a', 'b']],
      'a,b beside workloads 2',
    ],
    ['one came each time', [[], ['a'], ['a', 'b'], ['a', 'b']], 'a,b beside workloads 3'],
  ])('%s', async (_, answers, expected) => {
    let asked = 0;
    let read = 0;
    const { requests, workloads } = await readTogether(
      async () => named(...(answers[asked++] ?? [])),
      async () => (read += 1),
    );
    expect(`${requests.map(({ metadata }) => metadata.uid).join()} beside workloads ${workloads}`).toBe(
      expected,
    );
    expect(asked).toBe(answers.length);
  });
});
