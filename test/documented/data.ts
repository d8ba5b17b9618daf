import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { load, loadAll } from 'js-yaml';
import { z } from 'zod';
import { collectNotifications } from '../../src/config/notification-settings.ts';
import { objectLayers, LIVE_OBJECTS } from '../../src/config/live-files.ts';
import { resolveLive } from '../../src/config/live-resolution.ts';
import { documentLayer, environmentLayer } from '../../src/config/live-sources.ts';
import { readNotifications } from '../../src/config/notifications.ts';
import { formatProblems, type ConfigProblem } from '../../src/config/problem.ts';
import { readRegistryConfig } from '../../src/config/registry-config.ts';
import { readConfigWarnings, readSettings } from '../../src/config/settings.ts';
import { readWebhookSecrets } from '../../src/config/webhook-secrets.ts';
import { ANNOTATION, parseAnnotations } from '../../src/core/annotations.ts';
import type { Result } from '../../src/core/result.ts';
import { UpdateRequest } from '../../src/core/update-request.ts';
import { WEBHOOK_SENDERS } from '../../src/triggers/webhook/senders.ts';

const Texts = z.record(z.string(), z.unknown());
const KubernetesObject = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().optional() }).default({}),
});
const EnvEntry = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z.unknown().optional(),
});
const FILE = 'the-block.yaml';
const VALUES = new URL('../../charts/headwind/values.yaml', import.meta.url);
const ANNOTATION_KEYS: readonly string[] = Object.values(ANNOTATION);

/** Whether a block of YAML is for the chart, to judge by its keys: `env` is a list in a pod and a table in the values. */
export function isForChart(text: string): boolean {
  const [document, ...others]: readonly unknown[] = loadAll(text);
  const table = Texts.safeParse(document);
  if (!table.success || others.length > 0 || Object.keys(table.data).length === 0) return false;
  const values = Texts.parse(load(readFileSync(VALUES, 'utf8')));
  const { env, notifications } = table.data;
  if (Array.isArray(env) || 'endpoints' in Object(notifications)) return false;
  return Object.keys(table.data).every((key) => Object.hasOwn(values, key));
}

/** What is wrong with a block of YAML, by what Headwind itself makes of it; one line each. Throws where it is none. */
export async function wrongInYaml(text: string): Promise<readonly string[]> {
  const documents: readonly unknown[] = loadAll(text);
  const found = await Promise.all(documents.map((document) => wrongInDocument(document, text)));
  return found.flat();
}

async function wrongInDocument(document: unknown, text: string): Promise<readonly string[]> {
  const table = Texts.safeParse(document);
  if (!table.success) return [];
  return [
    ...wrongInObject(document),
    ...wrongInAnnotations(document),
    ...wrongInVariables(document),
    ...(await wrongInFile(table.data, text)),
  ];
}

/** An object of ours is read as the operator reads it. */
function wrongInObject(document: unknown): readonly string[] {
  const parsed = KubernetesObject.safeParse(document);
  if (!parsed.success) return [];
  const { kind, metadata } = parsed.data;
  if (kind === 'UpdateRequest') {
    const request = UpdateRequest.safeParse({
      ...parsed.data,
      metadata: { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T10:00:00Z', ...metadata },
    });
    return request.success ? [] : [z.prettifyError(request.error)];
  }
  const { configMap, uiConfigMap, secret } = LIVE_OBJECTS;
  const isOurs = [configMap, uiConfigMap, secret].some((name) => name === metadata.name);
  if (!isOurs) return [];
  const data = z.record(z.string(), z.string()).parse(parsed.data['stringData'] ?? parsed.data['data'] ?? {});
  const objects = {
    configMap: metadata.name === configMap ? data : {},
    uiConfigMap: metadata.name === uiConfigMap ? data : {},
    // What is switched on in one object has its address in another.
    secret: metadata.name === secret ? data : { 'slack-webhook-url': 'https://hooks.slack.com/services/x' },
  };
  return resolveLive(objectLayers(objects), undefined).problems.map(
    ({ key, value, expected }) => `${key}: "${value}": ${expected}`,
  );
}

/** Annotations of ours, wherever they stand. */
function wrongInAnnotations(document: unknown): readonly string[] {
  return tablesIn(document).flatMap((table) => {
    const ours = Object.entries(table).filter(([key]) => ANNOTATION_KEYS.includes(key));
    if (ours.length === 0) return [];
    const notText = ours
      .filter(([, value]) => typeof value !== 'string')
      .map(([key]) => `${key}: is no text`);
    const all = Object.entries(table).map(([key, value]) => [key, String(value)] as const);
    const { problems } = parseAnnotations(Object.fromEntries(all));
    return [
      ...notText,
      ...problems.map(({ key, value, expected }) => `${key}: "${value}": expected ${expected}`),
    ];
  });
}

/** Environment variables: a list as in a pod, or a table of those alone. */
function wrongInVariables(document: unknown): readonly string[] {
  return tablesIn(document).flatMap((table) => {
    const listed = z.array(EnvEntry).safeParse(table['env']);
    if (listed.success)
      return wrongInEnvironment(
        listed.data.map(({ name, value }) => [name, value ?? 'https://example.com/x']),
      );
    const entries = Object.entries(table);
    const isEnvironment = entries.length > 0 && entries.every(([name]) => name.startsWith('HEADWIND_'));
    return isEnvironment ? wrongInEnvironment(entries.map(([name, value]) => [name, String(value)])) : [];
  });
}

function wrongInEnvironment(entries: readonly (readonly [string, string])[]): readonly string[] {
  const env = Object.fromEntries(entries);
  const settings = readSettings(env);
  const live = resolveLive([environmentLayer(env)], undefined).problems;
  return formatProblems([
    ...(settings.ok ? [] : settings.error),
    ...readConfigWarnings(env),
    ...live.map(({ key, value, expected }) => ({ variable: key, value: value ?? '', expected })),
  ]);
}

/** A file that a setting names, told by its keys. */
async function wrongInFile(
  table: Readonly<Record<string, unknown>>,
  text: string,
): Promise<readonly string[]> {
  const keys = Object.keys(table);
  const among = (...names: readonly string[]): boolean => keys.every((key) => names.includes(key));
  const readFile = (path: string): Promise<string> => Promise.resolve(contentOf(path, text));
  if (among('defaults', 'hosts')) return problemsOf(await readRegistryConfig({ file: FILE, readFile }));
  if (among('all', ...WEBHOOK_SENDERS.map(({ name }) => name)))
    return problemsOf(await readWebhookSecrets({ common: undefined, file: FILE, readFile }));
  if (among('targets', 'slack') && !('enabled' in Object(table['slack']))) {
    const settings = { ...collectNotifications((_, { fallback }) => fallback), configFile: FILE };
    const env = { ON_CALL_TEAMS_URL: 'https://example.com/teams' };
    return problemsOf(await readNotifications({ settings, env, readFile }));
  }
  if (among(...LIVE_SECTIONS) && !('endpoints' in Object(table['notifications']))) {
    const layer = documentLayer({ id: 'file', source: { kind: 'file', name: FILE } }, table);
    return resolveLive([layer], undefined).problems.map(
      ({ key, value, expected }) => `${key}: "${value}": ${expected}`,
    );
  }
  return [];
}

const LIVE_SECTIONS = [
  'polling',
  'helm',
  'controllers',
  'notifications',
  'observability',
  'dashboard',
  'refresh_interval',
  'max_items_per_page',
];

function contentOf(path: string, text: string): string {
  if (path.endsWith(FILE)) return text;
  if (path.endsWith('.pem')) return rootCertificates[0] ?? '';
  return /slack|url/.test(path) ? 'https://hooks.slack.com/services/x' : 'a-long-random-text-of-a-file';
}

function problemsOf(read: Result<unknown, readonly ConfigProblem[]>): readonly string[] {
  return read.ok ? [] : formatProblems(read.error);
}

/** All tables of a document, the outer ones first. */
function tablesIn(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  if (Array.isArray(value)) return value.flatMap(tablesIn);
  const table = Texts.safeParse(value);
  return table.success ? [table.data, ...Object.values(table.data).flatMap(tablesIn)] : [];
}
