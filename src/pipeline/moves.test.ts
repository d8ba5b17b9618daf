import { describe, expect, it } from 'vitest';
import { aRequest } from '../../test/builders.ts';
import type { UpdateRequest } from '../core/update-request.ts';
import { createMoves, type Moves } from './moves.ts';

type Status = Partial<UpdateRequest['status']>;

function at(version: number, status: Status): UpdateRequest {
  const request = aRequest({ name: 'a', status });
  return { ...request, metadata: { ...request.metadata, resourceVersion: String(version) } };
}

function aReplica(): { readonly moves: Moves; readonly told: string[] } {
  const moves = createMoves();
  const told: string[] = [];
  moves.follow((request, before) => told.push(`${before.status.phase} -> ${request.status.phase}`));
  return { moves, told };
}

const PENDING = at(1, { phase: 'Pending' });
const APPROVED = at(2, { phase: 'Approved', announced: 'Approved' });
const BY_HAND = at(2, { phase: 'Approved' });
const COMPLETED = at(3, { phase: 'Completed', announced: 'Completed' });

describe('of a transition tells', () => {
  it('whoever wrote it, once, whatever comes first: the answer or the watch', () => {
    const { moves, told } = aReplica();
    const early = moves.begin(PENDING, APPROVED.status);
    moves.saw(PENDING, APPROVED);
    early.done(APPROVED);
    const late = moves.begin(APPROVED, COMPLETED.status);
    late.done(COMPLETED);
    moves.saw(APPROVED, COMPLETED);
    expect(told).toEqual(['Pending -> Approved', 'Approved -> Completed']);
  });

  it('not who only sees what another replica has written', () => {
    const { moves, told } = aReplica();
    moves.saw(PENDING, APPROVED);
    moves.saw(APPROVED, COMPLETED);
    expect([told, moves.isUntold(COMPLETED)]).toEqual([[], false]);
  });

  it('of one that was written by hand: whoever writes next, before what that write brings', () => {
    const { moves, told } = aReplica();
    moves.saw(PENDING, BY_HAND);
    expect(moves.isUntold(BY_HAND)).toBe(true);
    const move = moves.begin(BY_HAND, COMPLETED.status);
    moves.saw(BY_HAND, COMPLETED);
    move.done(COMPLETED);
    expect([told, moves.isUntold(COMPLETED)]).toEqual([
      ['Pending -> Approved', 'Approved -> Completed'],
      false,
    ]);
  });

  it('nobody else then', () => {
    const { moves, told } = aReplica();
    moves.saw(PENDING, BY_HAND);
    moves.saw(BY_HAND, COMPLETED);
    expect([told, moves.isUntold(COMPLETED)]).toEqual([[], false]);
  });

  it('nobody of one that was there before we looked', () => {
    const { moves, told } = aReplica();
    moves.saw(undefined, BY_HAND);
    moves.begin(BY_HAND, COMPLETED.status).done(COMPLETED);
    expect(told).toEqual(['Approved -> Completed']);
  });
});

describe('a write to which no answer came', () => {
  it.each<[string, UpdateRequest, readonly string[]]>([
    ['is told when it turns out to have come through', APPROVED, ['Pending -> Approved']],
    ['is not where somebody else wrote the same by hand', BY_HAND, []],
    ['is not where it was another decision', at(2, { phase: 'Rejected', announced: 'Rejected' }), []],
    [
      'is not where another replica decided the same in other words',
      at(2, { ...APPROVED.status, message: 'Approved by bob' }),
      [],
    ],
  ])('%s, whether that is seen later or was seen already', (_, seen, expected) => {
    const later = aReplica();
    later.moves.begin(PENDING, APPROVED.status).lost(PENDING);
    later.moves.saw(PENDING, seen);
    expect(later.told).toEqual(expected);

    const already = aReplica();
    const move = already.moves.begin(PENDING, APPROVED.status);
    already.moves.saw(PENDING, seen);
    move.lost(seen);
    expect(already.told).toEqual(expected);
  });
});

it('marks nothing where nobody tells', () => {
  expect(createMoves().marked({ phase: 'Approved' })).toEqual({ phase: 'Approved' });
  expect(aReplica().moves.marked({ phase: 'Approved' })).toEqual({
    phase: 'Approved',
    announced: 'Approved',
  });
});
