import * as fc from 'fast-check';

/** Tags for property tests: from few numbers and many forms, so that pairs are often related. */
export const aTag: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', '', '', 'v', 'V', 'release-', 'app-v', 'RELEASE.'),
        fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('01', '10', '2024', '20240101')), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.constantFrom('', '', '', '-rc1', '-rc.2', 'rc10', '-beta', 'b2', '-alpha.1', '-nightly', '.dev3'),
        fc.constantFrom('', '', '', '-alpine', '-alpine3.18', '-alpine3.19', '-ls51', '-abc1234', '-def5678'),
        fc.constantFrom('', '', '', '+build1', '+build2', '+abc1234'),
      )
      .map(([prefix, numbers, prerelease, variant, build]) =>
        [prefix, numbers.join('.'), prerelease, variant, build].join(''),
      ),
  },
  fc.constantFrom('latest', 'stable', 'abc1234', '1234567', 'main-abc1234', `sha256-${'a'.repeat(64)}.sig`),
  fc
    .tuple(
      fc.integer({ min: 2023, max: 2025 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 28 }),
    )
    .map(([year, month, day]) => `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`),
  fc.integer({ min: 1, max: 3_000 }).map(String),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,12}$/),
);

/** Tags of one repository that mostly can be compared with each other. */
export const aRelatedTag: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', 'v'),
    fc.constantFrom('0', '1', '01', '2', '10', '2024', '20240101', '99999999999999999999'),
    fc.constantFrom('0', '1', '10'),
    fc.constantFrom('', '-rc1', '-rc.2', 'rc10', '-beta', 'b2', '-alpha.1', '-nightly'),
    fc.constantFrom('-alpine3.18', '-alpine3.9'),
    fc.constantFrom('', '+1'),
  )
  .map(([prefix, major, minor, ...rest]) => `${prefix}${major}.${minor}${rest.join('')}`);
