import { X509Certificate } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { normaliseHost, toRepository } from '../core/image-reference.ts';
import type { RegistryMirror } from './registry-hosts.ts';
import { codeOf, type ConfigFile } from './yaml-document.ts';

/** Amounts as they stand in the file; a timeout in milliseconds. */
export interface LimitsEntry {
  readonly requestsPerSecond?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly tagBudget?: number | undefined;
  readonly timeout?: number | undefined;
}

export interface HostEntry extends LimitsEntry {
  readonly insecure?: boolean | undefined;
  /** The certificates themselves. */
  readonly ca?: string | undefined;
  readonly mirrors?: readonly RegistryMirror[] | undefined;
}

/** The file's content. */
export interface RegistryDocument {
  readonly defaults?: LimitsEntry | undefined;
  /** By host as written. */
  readonly hosts?: Readonly<Record<string, HostEntry>> | undefined;
}

const HOST_EXPECTED = 'a registry host without a scheme, such as registry.local:5000';
const MIRROR_EXPECTED =
  'a host without a scheme, with a path where it needs one, such as harbor.local/dockerhub';
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]{1,65536}-----END CERTIFICATE-----/g;

/**
 * Checks what stands in the file; messages say what would be right. Certificates are read on the way, so that one pass
 * finds all problems.
 */
export function checkDocument(
  raw: unknown,
  source: ConfigFile,
): Promise<z.ZodSafeParseResult<RegistryDocument>> {
  return documentSchema(source).safeParseAsync(raw);
}

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
