import { describe, expect, it } from 'vitest';
import { createAdmission } from './admission.ts';

describe('admission', () => {
  it('admits so many requests, and the next when one has left', () => {
    const admission = createAdmission({ maxRequests: 2, maxBytes: 100 });
    const first = admission.enter();

    expect(admission.enter()).toBeDefined();
    expect(admission.enter()).toBeUndefined();

    first?.leave();

    expect(admission.enter()).toBeDefined();
  });

  it('bounds the bytes of all requests together', () => {
    const admission = createAdmission({ maxRequests: 9, maxBytes: 100 });
    const first = admission.enter();
    const second = admission.enter();

    expect(first?.grow(60)).toBe(true);
    expect(second?.grow(41)).toBe(false);
    expect(second?.grow(40)).toBe(true);

    first?.leave();

    expect(second?.grow(60)).toBe(true);
    expect(admission.bytes).toBe(100);
  });

  it('gives back once, however often it is told', () => {
    const admission = createAdmission({ maxRequests: 9, maxBytes: 100 });
    const ticket = admission.enter();
    admission.enter();
    ticket?.grow(50);
    ticket?.leave();
    ticket?.leave();

    expect([admission.requests, admission.bytes]).toEqual([1, 0]);
    expect(ticket?.grow(1)).toBe(false);
  });
});
