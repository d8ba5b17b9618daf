import { readNamespace, readUrl } from '../../config/values.ts';
import { UsageError } from '../exit.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A service in the cluster, as the API server's proxy is asked for it. */
export interface ServiceAddress {
  readonly namespace: string;
  readonly name: string;
  /** A port's name or number. */
  readonly port: string;
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const DEFAULT_PORT = 'api';

/**
 * The approval API that the environment names: HEADWIND_API_URL, or HEADWIND_API_SERVICE as `host:port`, which is asked by
 * plain HTTP as it always was. Throws UsageError.
 */
export function readApiUrl(env: Environment): string | undefined {
  const url = env['HEADWIND_API_URL'] ?? '';
  if (url !== '') return checked(url);
  const service = env['HEADWIND_API_SERVICE'] ?? '';
  if (service === '') return undefined;
  const parsed = readUrl(`http://${service}`);
  if (parsed.ok && !service.includes('/')) return parsed.value;
  throw new UsageError(`HEADWIND_API_SERVICE "${service}": expected host:port, without http://`);
}

/** HEADWIND_API_TOKEN. The error never quotes it. */
export function readToken(env: Environment): string | undefined {
  const token = env['HEADWIND_API_TOKEN']?.trim() ?? '';
  if (token === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError('HEADWIND_API_TOKEN: expected a token, without spaces');
}

/** Reads `<namespace>/<service>[:port]`. Throws UsageError. */
export function readService(text: string): ServiceAddress {
  const [, namespace = '', name = '', port = DEFAULT_PORT] =
    /^([^/:]+)\/([^/:]+)(?::([^/:]+))?$/.exec(text) ?? [];
  if (readNamespace(namespace).ok && LABEL.test(name) && LABEL.test(port)) return { namespace, name, port };
  throw new UsageError(`--api-service "${text}": expected <namespace>/<service>[:port]`);
}

function checked(url: string): string {
  const parsed = readUrl(url);
  if (parsed.ok) return parsed.value;
  throw new UsageError(`HEADWIND_API_URL "${url}": expected ${parsed.error}`);
}
