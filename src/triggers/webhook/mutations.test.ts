import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mutatedSamples } from '../../../test/parts/webhook-mutations.ts';
import { asMessage } from '../../../test/parts/webhook-reading.ts';
import { repositoryKey } from '../../core/image-reference.ts';
import { WEBHOOK_SENDERS } from './senders.ts';

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const MAX_REASON = 500;
const NAMES = WEBHOOK_SENDERS.map(({ name }) => name);

describe('damaged samples', () => {
  it('never make a parser throw, and every signal is one that a registry can be asked about', () => {
    fc.assert(
      fc.property(mutatedSamples(NAMES), ({ headers, body }) => {
        const { message, context } = asMessage({ headers, body });
        for (const sender of WEBHOOK_SENDERS) {
          sender.recognises(message);
          const reading = sender.parse(message, context);
          const { signals, ignored } = reading.ok ? reading.value : { signals: [], ignored: [reading.error] };
          for (const { repository, tag, sender: name } of signals) {
            expect(tag).toMatch(TAG);
            expect(repositoryKey(repository)).toMatch(/^[^\s@?#/]+\/[a-z0-9._/-]+$/);
            expect(NAMES).toContain(name);
          }
          for (const reason of ignored) expect(reason.length).toBeLessThan(MAX_REASON);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
