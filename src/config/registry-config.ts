import { X509Certificate } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { normaliseHost, toRepository } from '../core/image-reference.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { showValue, type ConfigProblem } from './problem.ts';
import {
  DEFAULT_REGISTRY_CONFIG,
  type RegistryConfig,
  type RegistryHost,
  type RegistryLimits,
  type RegistryMirror,
} from './registry-hosts.ts';

export interface RegistryConfigSource {
  /** None: what holds without one. */
  readonly file: string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}

const VARIABLE = 'HEADWIND_REGISTRY_CONFIG';
const MAX_LENGTH = 1024 * 1024;
const HOST_EXPECTED = 'a registry host without a scheme, such as registry.local:5000';
const MIRROR_EXPECTED =
  'a host without a scheme, with a path where it needs one, such as harbor.local/dockerhub';
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]{1,65536}-----END CERTIFICATE-----/g;

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

interface ConfigFile extends RegistryConfigSource {
  readonly file: string;
}

async function readConfigFile(source: ConfigFile): Promise<Result<RegistryConfig, readonly ConfigProblem[]>> {
  const document = await readDocument(source);
  if (!document.ok) return fail([document.error]);
  const raw = document.value ?? {};
  const parsed = await documentSchema(source).safeParseAsync(raw);
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

async function readDocument({ file, readFile }: ConfigFile): Promise<Result<unknown, ConfigProblem>> {
  const bad = (expected: string): Result<never, ConfigProblem> =>
    fail({ variable: VARIABLE, value: file, expected });
  let text;
  try {
    text = await readFile(file);
  } catch (error) {
    return bad(`a file that can be read${codeOf(error)}`);
  }
  if (text.length > MAX_LENGTH) return bad('a file of at most 1 MiB');
  try {
    const [document, second] = loadAll(text);
    return second === undefined ? ok(document) : bad('one YAML document');
  } catch (error) {
    return bad(`a YAML file${placeOf(error)}`);
  }
}

/** Certificates are read while the document is checked, so that one pass finds all problems. */
function documentSchema(source: ConfigFile) {
  const limits = {
    requestsPerSecond: number('a number from 0.01 to 10000', (value) => value >= 0.01 && value <= 10_000),
    concurrency: number('a whole number from 1 to 256', isWhole(1, 256)),
    tagBudget: number('a whole number from 1 to 1000000', isWhole(1, 1_000_000)),
    timeout: z.unknown().transform(readTimeout).optional(),
  };
  const host = table({
    ...limits,
    insecure: z.boolean('true or false').optional(),
    ca: z
      .string('the path of a PEM file')
      .transform(async (path, context) => readCertificates(path, context, source))
      .optional(),
    mirrors: z
      .array(z.preprocess(spellOut, MirrorEntry), 'a list of hosts')
      .max(8, 'at most 8 mirrors')
      .optional(),
  });
  return table({
    defaults: table(limits).optional(),
    hosts: z.record(z.string().refine(isHost, HOST_EXPECTED), host, 'a table of hosts').optional(),
  });
}

const MirrorEntry = table({
  host: z.string(MIRROR_EXPECTED).transform(readMirror),
  credentials: z.boolean('true or false').optional(),
}).transform(({ host, credentials }): RegistryMirror => ({
  ...host,
  sendsCredentials: credentials ?? false,
}));

/** A mirror may be written as its host alone. */
function spellOut(entry: unknown): unknown {
  return typeof entry === 'string' ? { host: entry } : entry;
}

function table<const T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, {
    // What the issue says about unknown keys is made of the keys themselves.
    error: (issue) =>
      issue.code === 'invalid_type' ? `a table of ${Object.keys(shape).join(', ')}` : undefined,
  });
}

function number(expected: string, isRight: (value: number) => boolean) {
  return z.custom<number>((value) => typeof value === 'number' && isRight(value), expected).optional();
}

function isWhole(least: number, most: number): (value: number) => boolean {
  return (value) => Number.isInteger(value) && value >= least && value <= most;
}

function readTimeout(value: unknown, context: z.RefinementCtx): number {
  const parsed = parseDuration(
    typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '',
  );
  if (parsed.ok && parsed.value >= 1000 && parsed.value <= 600_000) return parsed.value;
  context.addIssue('a duration from 1s to 10m');
  return z.NEVER;
}

function isHost(text: string): boolean {
  return toRepository(text, 'any').ok;
}

function readMirror(
  text: string,
  context: z.RefinementCtx,
): { readonly host: string; readonly prefix: string } {
  const [host = '', ...components] = text.replace(/\/$/, '').split('/');
  const prefix = components.join('/');
  if (toRepository(host, prefix === '' ? 'any' : prefix).ok) return { host: normaliseHost(host), prefix };
  context.addIssue(MIRROR_EXPECTED);
  return z.NEVER;
}

async function readCertificates(
  path: string,
  context: z.RefinementCtx,
  { file, readFile }: ConfigFile,
): Promise<string> {
  const bad = (expected: string): string => {
    context.addIssue(expected);
    return z.NEVER;
  };
  let text;
  try {
    text = await readFile(resolve(dirname(file), path));
  } catch (error) {
    return bad(`the path of a PEM file that can be read${codeOf(error)}`);
  }
  const certificates = text.match(PEM_CERTIFICATE) ?? [];
  if (certificates.length === 0 || !certificates.every(isCertificate))
    return bad('the path of a PEM file with certificates');
  return certificates.join('\n');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    return false;
  }
}

function limitsOf({
  timeout,
  requestsPerSecond,
  concurrency,
  tagBudget,
}: {
  readonly timeout?: number | undefined;
  readonly requestsPerSecond?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly tagBudget?: number | undefined;
}): Partial<RegistryLimits> {
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

function problemsOf(issue: z.core.$ZodIssue, raw: unknown, file: string): readonly ConfigProblem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      variable: place(file, [...issue.path, key]),
      value: '…',
      expected: 'nothing: there is no setting of this name',
    }));
  const expected = issue.code === 'invalid_key' ? HOST_EXPECTED : issue.message;
  const value = issue.code === 'invalid_key' ? issue.path.at(-1) : valueAt(raw, issue.path);
  return [{ variable: place(file, issue.path), value: showAny(value), expected }];
}

function showAny(value: unknown): string {
  return showValue(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return value;
    value = new Map<PropertyKey, unknown>(Object.entries(value)).get(String(key));
  }
  return value;
}

/** `registries.yaml: hosts["docker.io"].mirrors[0].host` */
function place(file: string, path: readonly PropertyKey[]): string {
  const text = path
    .map((key) => {
      if (typeof key === 'number') return `[${key}]`;
      return /^[A-Za-z]\w*$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
    })
    .join('')
    .replace(/^\./, '');
  return text === '' ? file : `${file}: ${text}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
}

const Marked = z.object({ mark: z.object({ line: z.number() }) });

function placeOf(error: unknown): string {
  const parsed = Marked.safeParse(error);
  return parsed.success ? ` (line ${parsed.data.mark.line + 1} is none)` : '';
}
