import { z } from 'zod';

const Unit = z.enum(['ms', 's', 'kB', 'MB', '/s', '']);

/** Where and on what it was measured: numbers of different machines cannot be compared. */
export const Machine = z.object({
  processor: z.string(),
  cores: z.number(),
  memoryMb: z.number(),
  /** What the processors were busy with over the last minute when the run began; above 0.5 others disturb it. */
  loadBefore: z.number(),
  node: z.string(),
  /** Null where nothing that was measured needs a cluster. */
  kubernetes: z.string().nullable(),
  headwind: z.enum(['build', 'source']),
  version: z.string(),
  /** When the run began, RFC 3339, UTC. */
  startedAt: z.string(),
  tookSeconds: z.number(),
  /** Few samples: the figures mean little. */
  quick: z.boolean(),
});
export type Machine = z.infer<typeof Machine>;

export const ReportRow = z.object({
  /** The name for `--only`. */
  budget: z.string(),
  what: z.string(),
  value: z.number(),
  unit: Unit,
  limit: z.object({ kind: z.enum(['at most', 'at least']), value: z.number() }).optional(),
  /** How the limit came about where it is no number of its own: `1.5 × floor`. */
  limitRule: z.string().optional(),
  /** The same thing done with the least that could do it, in the same run and unit. */
  floor: z.object({ what: z.string(), value: z.number() }).optional(),
  growth: z.object({ series: z.string(), of: z.string(), size: z.number() }).optional(),
  /** Null without a limit. */
  met: z.boolean().nullable(),
});
export type ReportRow = z.infer<typeof ReportRow>;

const GrowthLine = z.object({
  what: z.string(),
  of: z.string(),
  unit: Unit,
  points: z.array(z.object({ size: z.number(), value: z.number() })).readonly(),
  grew: z.number(),
  linear: z.number(),
});

/** What `--json` prints and `--out` writes. */
export const Report = z.object({
  machine: Machine,
  rows: z.array(ReportRow).readonly(),
  growth: z.array(GrowthLine).readonly(),
  /** What could not be measured, and why. */
  failures: z.array(z.object({ budget: z.string(), why: z.string() })).readonly(),
});
export type Report = z.infer<typeof Report>;
