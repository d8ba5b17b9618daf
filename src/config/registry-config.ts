import { z } from 'zod';
import { normaliseHost } from '../core/image-reference.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { place, problemsOf } from './document-problems.ts';
import type { ConfigProblem } from './problem.ts';
import { checkDocument, type LimitsEntry } from './registry-config-schema.ts';
import {
  DEFAULT_REGISTRY_CONFIG,
  type RegistryConfig,
  type RegistryHost,
  type RegistryLimits,
} from './registry-hosts.ts';
import { readYamlDocument, type ConfigFile } from './yaml-document.ts';

export interface RegistryConfigSource {
  /** None: what holds without one. */
  readonly file: string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}

const VARIABLE = 'HEADWIND_REGISTRY_CONFIG';

/**
 * Reads the file that says how registries are dealt with, and the CA files that it names (relative paths from where it
 * stands). The failure lists all that is wrong, each with its place in the file:
 *
 *     defaults: { requestsPerSecond: 20, concurrency: 8, tagBudget: 20000, timeout: 30s }
 *     hosts:
 *       docker.io:
 *         mirrors: [mirror.local:5000, { host: harbor.local/dockerhub, credentials: true }]
 *       harbor.local:
 *         ca: harbor-ca.pem
 *       mirror.local:5000:
 *         insecure: true
 */
export async function readRegistryConfig(
  source: RegistryConfigSource,
): Promise<Result<RegistryConfig, readonly ConfigProblem[]>> {
  const { file, readFile } = source;
  return file === undefined ? ok(DEFAULT_REGISTRY_CONFIG) : readConfigFile({ file, readFile });
}

async function readConfigFile(source: ConfigFile): Promise<Result<RegistryConfig, readonly ConfigProblem[]>> {
  const document = await readYamlDocument(VARIABLE, source);
  if (!document.ok) return fail([document.error]);
  const raw = document.value ?? {};
  const parsed = await checkDocument(raw, source);
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, raw, source.file)),
    ...sameHostTwice(raw, source.file),
  ];
  if (!parsed.success || problems.length > 0) return fail(problems);
  const defaults = { ...DEFAULT_REGISTRY_CONFIG.defaults, ...limitsOf(parsed.data.defaults ?? {}) };
  const hosts = Object.entries(parsed.data.hosts ?? {}).map(
    ([host, entry]): readonly [string, RegistryHost] => [
      normaliseHost(host),
      {
        ...defaults,
        ...limitsOf(entry),
        insecure: entry.insecure ?? false,
        ca: entry.ca,
        mirrors: entry.mirrors ?? [],
      },
    ],
  );
  return ok({ defaults, hosts: new Map(hosts) });
}

function limitsOf({
  timeout,
  requestsPerSecond,
  concurrency,
  tagBudget,
}: LimitsEntry): Partial<RegistryLimits> {
  return {
    ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(tagBudget === undefined ? {} : { tagBudget }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  };
}

/** Docker Hub has several names: two entries for one registry would contradict each other. */
function sameHostTwice(raw: unknown, file: string): readonly ConfigProblem[] {
  const hosts = Object.keys(
    z.object({ hosts: z.record(z.string(), z.unknown()) }).safeParse(raw).data?.hosts ?? {},
  );
  return hosts.flatMap((host, index) => {
    const other = hosts.slice(0, index).find((earlier) => normaliseHost(earlier) === normaliseHost(host));
    if (other === undefined) return [];
    return [{ variable: place(file, ['hosts', host]), value: host, expected: `one entry for ${other}` }];
  });
}
