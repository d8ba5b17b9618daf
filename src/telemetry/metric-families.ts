import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Which values a label may have. Whatever else comes counts as `other`, so that nobody outside can grow the series. */
export type LabelRule =
  | { readonly oneOf: readonly string[] }
  | {
      readonly like: RegExp;
      /** How many different values are told apart, first come first served. */
      readonly atMost: number;
    };

type Labels<L extends string> = Readonly<Record<L, string>>;
type Rules<L extends string> = Readonly<Record<L, LabelRule>>;

export interface CounterFamily {
  /** Adds `by`, 1 if it is not given. */
  inc(by?: number): void;
}

export interface LabelledCounter<L extends string> {
  /** Adds `by`, 1 if it is not given. */
  inc(labels: Labels<L>, by?: number): void;
}

export interface GaugeFamily {
  set(value: number): void;
  inc(by?: number): void;
  dec(by?: number): void;
}

export interface LabelledGauge<L extends string> {
  set(labels: Labels<L>, value: number): void;
}

export interface HistogramFamily {
  /** Counts one value, for durations in seconds. */
  observe(value: number): void;
}

/** What the documentation says about a family. */
export interface FamilyDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Which values each label may have. */
  readonly rules: Readonly<Record<string, LabelRule>>;
  /** The upper bounds of a histogram's buckets, else absent. */
  readonly buckets?: readonly number[];
}

export interface FamilyMaker {
  /** The families made so far, in order. */
  readonly described: readonly FamilyDescription[];
  counter(name: string, help: string): CounterFamily;
  /**
   * Where every label has a list of values, all series are there from the start, at zero: a series that begins with its
   * first event hides that event from `increase()`.
   */
  labelledCounter<L extends string>(name: string, help: string, rules: Rules<L>): LabelledCounter<L>;
  gauge(name: string, help: string): GaugeFamily;
  labelledGauge<L extends string>(name: string, help: string, rules: Rules<L>): LabelledGauge<L>;
  /** `buckets` are upper bounds, in the unit of the name. */
  histogram(name: string, help: string, buckets: readonly number[]): HistogramFamily;
}

/** What stands in the place of a label value that its rule does not admit. */
export const OTHER = 'other';

/** Makes metric families in `registry`. */
export function createFamilyMaker(registry: Registry): FamilyMaker {
  const described: FamilyDescription[] = [];
  const describe = (description: FamilyDescription): void => {
    described.push(description);
  };
  const registers = [registry];
  return {
    described,
    counter: (name, help) => {
      describe({ name, type: 'counter', help, labels: [], rules: {} });
      const counter = new Counter({ name, help, registers });
      return { inc: (by = 1) => counter.inc(by) };
    },
    labelledCounter: (name, help, rules) => {
      const labelNames = namesOf(rules);
      describe({ name, type: 'counter', help, labels: labelNames, rules });
      const counter = new Counter({ name, help, labelNames, registers });
      const bound = createLabelBound(rules);
      for (const labels of knownSeries(rules)) counter.inc(labels, 0);
      return { inc: (labels, by = 1) => counter.inc(bound(labels), by) };
    },
    gauge: (name, help) => {
      describe({ name, type: 'gauge', help, labels: [], rules: {} });
      const gauge = new Gauge({ name, help, registers });
      return {
        set: (value) => gauge.set(value),
        inc: (by = 1) => gauge.inc(by),
        dec: (by = 1) => gauge.dec(by),
      };
    },
    labelledGauge: (name, help, rules) => {
      const labelNames = namesOf(rules);
      describe({ name, type: 'gauge', help, labels: labelNames, rules });
      const gauge = new Gauge({ name, help, labelNames, registers });
      const bound = createLabelBound(rules);
      return { set: (labels, value) => gauge.set(bound(labels), value) };
    },
    histogram: (name, help, buckets) => {
      describe({ name, type: 'histogram', help, labels: [], rules: {}, buckets });
      const histogram = new Histogram({ name, help, buckets: [...buckets], registers });
      return { observe: (value) => histogram.observe(value) };
    },
  };
}

function namesOf(rules: Rules<string>): string[] {
  return Object.keys(rules);
}

/** Every combination of label values, where each label has a list of them; else none. */
function knownSeries(rules: Rules<string>): readonly Record<string, string>[] {
  return Object.entries(rules).reduce<readonly Record<string, string>[]>(
    (series, [name, rule]) =>
      'oneOf' in rule
        ? series.flatMap((labels) => rule.oneOf.map((value) => ({ ...labels, [name]: value })))
        : [],
    [{}],
  );
}

/** Holds label values to their rules. */
function createLabelBound(rules: Rules<string>): (labels: Labels<string>) => Record<string, string> {
  const bounds = Object.entries(rules).map(([name, rule]) => ({ name, admit: createValueBound(rule) }));
  return (labels) =>
    Object.fromEntries(bounds.map(({ name, admit }) => [name, admit(labels[name] ?? OTHER)]));
}

function createValueBound(rule: LabelRule): (value: string) => string {
  if ('oneOf' in rule) {
    const allowed = new Set(rule.oneOf);
    return (value) => (allowed.has(value) ? value : OTHER);
  }
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= rule.atMost || !rule.like.test(value)) return OTHER;
    seen.add(value);
    return value;
  };
}
