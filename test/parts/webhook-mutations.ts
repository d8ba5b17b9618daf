import * as fc from 'fast-check';
import type { WebhookSample } from './webhook-sample.ts';
import { WEBHOOK_SAMPLES } from './webhook-samples.ts';

/** A sample after some damage, and the path that it is sent to. */
export interface Mutated {
  readonly sample: WebhookSample;
  readonly route: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Damage = 'replace' | 'drop' | 'nest' | 'wrap' | 'transplant' | 'append' | 'repeat' | 'add';

interface Step {
  readonly damage: Damage;
  /** Which value of the body it happens to. */
  readonly at: number;
  readonly odd: unknown;
  readonly text: string;
}

const HUGE = 'a'.repeat(20_000);
const ODD_TEXTS = [
  '',
  ' ',
  HUGE,
  '/'.repeat(5000),
  ':'.repeat(5000),
  'a.'.repeat(5000),
  'a:1/'.repeat(2000),
  `https://${HUGE}/`,
  'https://user:pass@host:99999/v2/',
  '../../etc/passwd',
  '\u0000',
  '\uD800',
  'ä'.repeat(300),
  '🚀:1.0',
  '\u202E1.0',
  '{"a":1}',
  '%00',
  '__proto__',
  'constructor',
  `sha256:${'0'.repeat(64)}`,
  'registry.example.com/team/app:1.0',
];
const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  [],
  {},
  [[]],
  [null],
  { length: 5 },
  ...ODD_TEXTS,
];

const step: fc.Arbitrary<Step> = fc.record({
  damage: fc.constantFrom<Damage>('replace', 'drop', 'nest', 'wrap', 'transplant', 'append', 'repeat', 'add'),
  at: fc.nat({ max: 4000 }),
  odd: fc.oneof(fc.constantFrom(...ODD_VALUES), fc.string({ unit: 'binary' }), fc.integer()),
  text: fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'grapheme', maxLength: 20 })),
});

/** Samples of all senders with values replaced, dropped, nested, lengthened and exchanged, sent to any path. */
export function mutatedSamples(senders: readonly string[]): fc.Arbitrary<Mutated> {
  const sample = fc.constantFrom(...WEBHOOK_SAMPLES);
  const headers = fc.oneof(
    { weight: 6, arbitrary: fc.constant('own') },
    { weight: 1, arbitrary: fc.constant('none') },
    { weight: 1, arbitrary: fc.constant('foreign') },
  );
  return fc
    .record({
      sample,
      other: sample,
      route: fc.oneof(fc.constant('own'), fc.constant('registry'), fc.constantFrom(...senders)),
      headers,
      steps: fc.array(step, { minLength: 1, maxLength: 6 }),
    })
    .map(({ sample: chosen, other, route, headers: which, steps }) => ({
      sample: chosen,
      route: route === 'own' ? chosen.sender : route,
      headers: headersOf(which === 'foreign' ? other : chosen, which),
      body: steps.reduce((body, each) => damaged(body, each, other.body), chosen.body),
    }));
}

function headersOf({ headers = {} }: WebhookSample, which: string): Readonly<Record<string, string>> {
  return { 'content-type': 'application/json', ...(which === 'none' ? {} : headers) };
}

function damaged(body: unknown, { damage, at, odd, text }: Step, donor: unknown): unknown {
  let left = at % (countOf(body) || 1);
  const visit = (value: unknown): unknown => {
    if (left === 0) {
      left = -1;
      return CHANGES[damage](value, { odd, text, donor: pick(donor, at) });
    }
    left -= 1;
    if (Array.isArray(value)) return value.map((item) => visit(item)).filter((item) => item !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]) => [key, visit(item)])
        .filter(([, item]) => item !== undefined),
    );
  };
  return visit(body) ?? null;
}

interface Change {
  readonly odd: unknown;
  readonly text: string;
  readonly donor: unknown;
}

const CHANGES: Readonly<Record<Damage, (value: unknown, change: Change) => unknown>> = {
  replace: (_value, { odd }) => odd,
  drop: () => undefined,
  nest: (value) => [value],
  wrap: (value) => ({ value }),
  transplant: (_value, { donor }) => donor,
  append: (value, { text }) => (typeof value === 'string' ? `${value}${text}` : text),
  repeat: (value) => Array.from({ length: 12 }, () => value),
  add: (value, { odd, text }) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value, [text]: odd }
      : { [text]: value },
};

function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + countOf(item), 1);
}

function pick(value: unknown, at: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const items: readonly unknown[] = Object.values(value);
  return items.length === 0 ? value : pick(items[at % items.length], Math.trunc(at / items.length));
}
