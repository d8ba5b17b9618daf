import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/parts/fake-clock.ts';
import { createCircuit, type Circuit, type Verdict } from './circuit.ts';

const HOST = 'registry.example.com';

let clock: FakeClock;
let circuit: Circuit;
beforeEach(() => {
  clock = new FakeClock();
  circuit = createCircuit({ clock, threshold: 3, openMs: 30_000, maxHosts: 10 });
});

function ask(verdict: Verdict, host = HOST): boolean {
  const admission = circuit.enter(host);
  if (admission.admitted) admission.settle(verdict);
  return admission.admitted;
}

function open(): void {
  for (let failure = 0; failure < 3; failure += 1) ask('failed');
}

describe('a circuit', () => {
  it('opens after so many failures in a row, and says until when', async () => {
    open();
    await clock.advance(10_000);

    expect(circuit.enter(HOST)).toEqual({ admitted: false, retryAfterMs: 20_000 });
    expect(circuit.openCount()).toBe(1);
  });

  it('stays closed while an answer comes in between', () => {
    for (const verdict of ['failed', 'failed', 'answered', 'failed', 'failed'] as const) ask(verdict);

    expect(circuit.enter(HOST).admitted).toBe(true);
  });

  it('leaves other hosts alone', () => {
    open();

    expect(ask('answered', 'other.example.com')).toBe(true);
  });

  it('admits one probe when the time is over, and closes when it is answered', async () => {
    open();
    await clock.advance(30_000);

    const probe = circuit.enter(HOST);
    expect(probe.admitted).toBe(true);
    expect(circuit.enter(HOST).admitted).toBe(false);
    if (probe.admitted) probe.settle('answered');

    expect(circuit.enter(HOST).admitted).toBe(true);
    expect(circuit.openCount()).toBe(0);
  });

  it('opens again when the probe fails', async () => {
    open();
    await clock.advance(30_000);

    expect(ask('failed')).toBe(true);

    expect(circuit.enter(HOST)).toEqual({ admitted: false, retryAfterMs: 30_000 });
  });

  it('admits another probe when one was given up', async () => {
    open();
    await clock.advance(30_000);

    expect(ask('unknown')).toBe(true);
    expect(ask('answered')).toBe(true);
    expect(ask('answered')).toBe(true);
  });

  it('is not kept open by requests that were under way when it opened', async () => {
    const slow = circuit.enter(HOST);
    open();
    await clock.advance(29_000);
    if (slow.admitted) slow.settle('failed');
    await clock.advance(1000);

    expect(ask('answered')).toBe(true);
  });

  it.each([5, -5])('stays open as long as ever when the clock is set by %i hours', async (hours) => {
    open();
    clock.jump(hours * 3_600_000);
    await clock.advance(29_999);
    expect(circuit.enter(HOST)).toEqual({ admitted: false, retryAfterMs: 1 });
    await clock.advance(1);
    expect(ask('answered')).toBe(true);
  });

  it('remembers no more hosts than it may', () => {
    for (let index = 0; index < 1000; index += 1) {
      for (let failure = 0; failure < 3; failure += 1) ask('failed', `host-${index}`);
    }

    expect(circuit.openCount()).toBe(10);
  });
});
