import { z } from 'zod';

const ImageConfig = z.object({
  config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** The labels in an image's configuration; empty where there are none, or it is not readable. */
export function readImageLabels(config: Uint8Array | undefined): Readonly<Record<string, string>> {
  if (config === undefined) return {};
  try {
    const parsed = ImageConfig.safeParse(JSON.parse(Buffer.from(config).toString('utf8')));
    return parsed.data?.config?.Labels ?? {};
  } catch {
    return {};
  }
}
