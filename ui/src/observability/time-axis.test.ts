import { describe, expect, it } from 'vitest';
import { nearestStep, timeTicks } from './time-axis.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 2, 12, 7);

describe('the axis of time', () => {
  it.each<[string, number, number]>([
    ['an hour', HOUR, 10 * 60_000],
    ['six hours', 6 * HOUR, HOUR],
    ['a day', 24 * HOUR, 6 * HOUR],
    ['a week', 168 * HOUR, 24 * HOUR],
    ['a month', 720 * HOUR, 5 * 24 * HOUR],
  ])('is marked at most seven times over %s, at whole distances', (_, rangeMs, distance) => {
    const ticks = timeTicks(NOON - rangeMs, NOON, { count: 7, offsetMinutes: 0 });
    expect(ticks.length).toBeLessThanOrEqual(7);
    expect(ticks.every((tick) => tick % distance === 0)).toBe(true);
    expect(ticks.length).toBeGreaterThan(2);
  });

  it('is marked at the midnights of the place', () => {
    const ticks = timeTicks(NOON - 168 * HOUR, NOON, { count: 7, offsetMinutes: -330 });
    expect(ticks.every((tick) => (tick + 330 * 60_000) % (24 * HOUR) === 0)).toBe(true);
  });

  it('knows the step that is nearest to a place', () => {
    const steps = [0, 100, 200];
    expect([-500, 40, 60, 149, 900].map((at) => nearestStep(steps, at))).toEqual([0, 0, 1, 1, 2]);
    expect(nearestStep([], 5)).toBeUndefined();
    expect(nearestStep([7], 5)).toBe(0);
  });
});
