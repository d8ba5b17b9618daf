import type { JSX } from 'preact';
import type { SettingProblemShape } from '../../../src/http/settings-shapes.ts';

const EFFECTS: Readonly<Record<SettingProblemShape['effect'], string>> = {
  'last-good': 'What held before goes on to hold.',
  default: 'What does least holds.',
  used: 'It is used all the same.',
  ignored: 'It has no effect.',
};

/** What is written somewhere and does not count. */
export function ProblemsCard({
  problems,
}: {
  readonly problems: readonly SettingProblemShape[];
}): JSX.Element {
  if (problems.length === 0) return <></>;
  return (
    <section class="card section" aria-labelledby="settings-problems">
      <h2 id="settings-problems">Not as it should be</h2>
      <ul class="why-not">
        {problems.map(({ where, key, value, expected, effect }) => (
          <li key={`${where} ${key}`}>
            {key === '' ? (
              <strong>{where}</strong>
            ) : (
              <>
                <code>{key}</code>
                {value !== '' && (
                  <>
                    {' is '}
                    <code>{value}</code>
                  </>
                )}
                {` in ${where}`}
              </>
            )}
            {`: expected ${expected}. ${EFFECTS[effect]}`}
          </li>
        ))}
      </ul>
    </section>
  );
}
