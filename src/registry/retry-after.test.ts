import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

describe('parseRetryAfter', () => {
  it.each([
    { header: '120', ms: 120_000 },
    { header: ' 0 ', ms: 0 },
    { header: 'Thu, 01 Jan 2026 12:00:30 GMT', ms: 30_000 },
    { header: 'Thu, 01 Jan 2026 11:00:00 GMT', ms: 0 },
    { header: '86400', ms: 900_000 },
    // An epoch, as some registries send it.
    { header: '1767268800', ms: 900_000 },
    { header: 'Fri, 01 Jan 2027 12:00:00 GMT', ms: 900_000 },
    { header: '-5', ms: undefined },
    { header: '1.5', ms: undefined },
    { header: 'soon', ms: undefined },
    { header: '', ms: undefined },
    { header: null, ms: undefined },
  ])('reads "$header" as $ms ms', ({ header, ms }) => {
    expect(parseRetryAfter(header, NOW)).toBe(ms);
  });
});
