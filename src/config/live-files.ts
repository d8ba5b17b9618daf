import { createHash } from 'node:crypto';
import {
  brokenLayer,
  documentLayer,
  flatLayer,
  isOfDashboard,
  secretLayer,
  type LayerBasics,
  type LiveLayer,
} from './live-sources.ts';
import { LIVE_SETTINGS, type LiveKey } from './live-table.ts';
import { parseYamlDocument, readYamlDocument } from './yaml-document.ts';

/** The objects in Headwind's own namespace that settings are read from. */
export const LIVE_OBJECTS = {
  configMap: 'headwind-config',
  uiConfigMap: 'headwind-ui-config',
  secret: 'headwind-secrets',
} as const;

/** The document in a ConfigMap, and the name of the file where one is mounted. */
const DOCUMENT = 'config.yaml';
const USUAL_FILE = `/etc/headwind/${DOCUMENT}`;
const UI_FILE = `/etc/headwind/ui/${DOCUMENT}`;

/** What the objects hold; an object that is not there holds nothing. Values of the Secret are decoded. */
export interface LiveObjects {
  readonly configMap: Readonly<Record<string, string>>;
  readonly uiConfigMap: Readonly<Record<string, string>>;
  readonly secret: Readonly<Record<string, string>>;
}

/** The layers of the objects, from the one that wins to the one that gives way. */
export function objectLayers({ configMap, uiConfigMap, secret }: LiveObjects): readonly LiveLayer[] {
  return [
    secretLayer({ id: 'secret', source: { kind: 'secret', name: LIVE_OBJECTS.secret } }, secret),
    ...configMapLayers({ id: 'configmap', name: LIVE_OBJECTS.configMap }, configMap),
    ...configMapLayers({ id: 'ui', name: LIVE_OBJECTS.uiConfigMap, holds: isOfDashboard }, uiConfigMap),
  ];
}

/** Both shapes that a ConfigMap may have. Headwind itself writes flat keys, so these win over the document. */
function configMapLayers(
  { id, name, holds }: { readonly id: string; readonly name: string; readonly holds?: LayerBasics['holds'] },
  data: Readonly<Record<string, string>>,
): readonly LiveLayer[] {
  const basics = { source: { kind: 'configmap', name } as const, ...(holds && { holds }) };
  const flat = flatLayer({ id: `${id}.flat`, ...basics }, data);
  const text = data[DOCUMENT];
  return text === undefined ? [flat] : [flat, textLayer({ id: `${id}.document`, ...basics }, text)];
}

function textLayer(basics: LayerBasics, text: string): LiveLayer {
  const document = parseYamlDocument(text);
  return document.ok ? documentLayer(basics, document.value) : brokenLayer(basics, document.error);
}

/** What the files say; `version` is the same for the same content, and nothing that could be turned back into it. */
export interface LiveFiles {
  readonly layers: readonly LiveLayer[];
  readonly version: string;
}

export interface LiveFilesSource {
  /** In place of the usual one. */
  readonly configFile: string | undefined;
  /** The file with receivers of notifications, which may also hold the three that need none. */
  readonly notificationsFile: string | undefined;
  /** The file with the token for InfluxDB. */
  readonly influxTokenFile: string | undefined;
  readonly readFile: (path: string) => Promise<string>;
}

/** Nothing, as long as no file has been read. */
export const NO_FILES: LiveFiles = { layers: [], version: '' };

/** Reads all files; those that are not there and nobody has named are empty. */
export async function readLiveFiles(source: LiveFilesSource): Promise<LiveFiles> {
  const { configFile, notificationsFile, influxTokenFile, readFile } = source;
  const all = await Promise.all([
    fileLayer({ id: 'file', path: configFile ?? USUAL_FILE, isNamed: configFile !== undefined, readFile }),
    fileLayer({ id: 'file.ui', path: UI_FILE, isNamed: false, readFile, holds: isOfDashboard }),
    ...(influxTokenFile === undefined ? [] : [tokenLayer(influxTokenFile, readFile)]),
  ]);
  const layers = all.filter((layer) => layer !== undefined);
  const notifications =
    notificationsFile === undefined ? [] : [await notificationsLayer(notificationsFile, readFile)];
  const known = [...notifications, ...layers];
  const content = known.map(({ id, entries, strange, broken }) => [id, [...entries], strange, broken]);
  return {
    layers: known,
    version: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
  };
}

/** The layers in the order in which they count: the environment stands above the files, but not above that of the receivers. */
export function orderLayers(
  environment: LiveLayer,
  files: LiveFiles,
  objects: LiveObjects,
): readonly LiveLayer[] {
  const first = files.layers.filter(({ id }) => id === RECEIVERS);
  const others = files.layers.filter(({ id }) => id !== RECEIVERS);
  return [...first, environment, ...others, ...objectLayers(objects)];
}

const RECEIVERS = 'file.notifications';

async function fileLayer({
  path,
  isNamed,
  readFile,
  ...basics
}: Omit<LayerBasics, 'source'> & {
  readonly path: string;
  readonly isNamed: boolean;
  readonly readFile: (path: string) => Promise<string>;
}): Promise<LiveLayer | undefined> {
  let isMissing = false;
  let isEmpty = false;
  const reading = async (file: string): Promise<string> => {
    try {
      const text = await readFile(file);
      // A full disk leaves nothing of a file that somebody writes anew; whoever means nothing writes `{}`.
      isEmpty = isNamed && text.trim() === '';
      return text;
    } catch (error) {
      isMissing = isAbsent(error);
      throw error;
    }
  };
  const document = await readYamlDocument(path, { file: path, readFile: reading });
  const whole: LayerBasics = { ...basics, source: { kind: 'file', name: path } };
  if (isEmpty) return brokenLayer(whole, 'settings, or {} for none: an empty file may be half written');
  if (document.ok) return documentLayer(whole, document.value);
  return isMissing && !isNamed ? undefined : brokenLayer(whole, document.error.expected);
}

async function notificationsLayer(
  path: string,
  readFile: (path: string) => Promise<string>,
): Promise<LiveLayer> {
  const layer = await fileLayer({
    id: RECEIVERS,
    path,
    isNamed: true,
    readFile,
    // What is wrong with it, its own reader tells.
    silent: true,
    holds: (key) => /^(?:slack|teams|webhook)\./.test(key),
  });
  return layer ?? brokenLayer({ id: RECEIVERS, source: { kind: 'file', name: path } }, '');
}

async function tokenLayer(path: string, readFile: (path: string) => Promise<string>): Promise<LiveLayer> {
  const key: LiveKey = 'observability.influxdb.token';
  const basics: LayerBasics = {
    id: 'file.token',
    source: { kind: 'file', name: path },
    holds: (held) => held === key,
  };
  try {
    const text = (await readFile(path)).trim();
    const read = LIVE_SETTINGS[key].read(text);
    if (!read.ok) return brokenLayer(basics, `a file that holds ${read.error}`);
    return { ...basics, entries: new Map([[key, { text, spelled: key }]]), strange: [] };
  } catch {
    return brokenLayer(basics, 'a file that can be read');
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code));
}
