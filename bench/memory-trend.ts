export interface MemorySample {
  /** Since the traffic began. */
  readonly minutes: number;
  readonly mb: number;
}

export interface MemoryTrend {
  /** Of the straight line through the samples that lies closest to them (least squares). */
  readonly mbPerMinute: number;
  readonly medianMb: number;
  readonly mostMb: number;
}

/** Whether memory stays where it is. Throws RangeError where there are fewer than two samples. */
export function memoryTrend(samples: readonly MemorySample[]): MemoryTrend {
  if (samples.length < 2) throw new RangeError('two samples at least make a trend');
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanMinutes = mean(samples.map(({ minutes }) => minutes));
  const meanMb = mean(samples.map(({ mb }) => mb));
  const covariance = mean(samples.map(({ minutes, mb }) => (minutes - meanMinutes) * (mb - meanMb)));
  const variance = mean(samples.map(({ minutes }) => (minutes - meanMinutes) ** 2));
  const sorted = samples.map(({ mb }) => mb).toSorted((a, b) => a - b);
  return {
    mbPerMinute: covariance / variance,
    medianMb: sorted[Math.ceil(sorted.length / 2) - 1] ?? 0,
    mostMb: sorted.at(-1) ?? 0,
  };
}
