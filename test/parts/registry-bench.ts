import { FakeClock } from './fake-clock.ts';
import { startScriptedServer, type Script, type ScriptedServer } from './scripted-server.ts';
import type { Credential } from '../../src/core/credential.ts';
import {
  DEFAULT_REGISTRY_CONFIG,
  type RegistryConfig,
  type RegistryHost,
} from '../../src/config/registry-hosts.ts';
import {
  createRegistry,
  type Confirmation,
  type Registry,
  type TagListing,
} from '../../src/registry/client.ts';

export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const CREDENTIAL = { username: 'ci', password: 'hunter2-hunter2' };
export const BASIC = `Basic ${Buffer.from('ci:hunter2-hunter2').toString('base64')}`;
export const JSON_TYPE = { 'content-type': 'application/json' };
/** How a registry tells that it is one. */
export const V2 = { 'docker-distribution-api-version': 'registry/2.0' };

/** A registry client beside the scripted servers that it talks to. */
export interface RegistryBench {
  /** Starts a server that ends with the bench. */
  readonly aServer: (script: Script) => Promise<ScriptedServer>;
  /** A client that knows `server` by plain HTTP and asks it for `team/app:1.0`, or for the tags of `team/app`. */
  readonly aClientOf: (server: ScriptedServer, config?: RegistryConfig) => RegistryClient;
  /** Ends everything that was started: for `afterEach`. */
  readonly end: () => Promise<void>;
}

export interface RegistryClient {
  readonly clock: FakeClock;
  readonly registry: Registry;
  /** The outcomes of its requests, in order. */
  readonly outcomes: readonly string[];
  /** Everything that it logged. */
  readonly logged: readonly string[];
  readonly ask: (credentials?: readonly Credential[], signal?: AbortSignal) => Promise<Confirmation>;
  readonly list: (credentials?: readonly Credential[], signal?: AbortSignal) => Promise<TagListing>;
}

/** Makes a bench. */
export function createRegistryBench(): RegistryBench {
  const cleanups: (() => Promise<void> | void)[] = [];
  return {
    aServer: async (script) => {
      const server = await startScriptedServer(script);
      cleanups.push(() => server.stop());
      return server;
    },
    aClientOf: (server, config = DEFAULT_REGISTRY_CONFIG) => {
      const clock = new FakeClock();
      const outcomes: string[] = [];
      const logged: string[] = [];
      const log = (fields: object, message: string): void =>
        void logged.push(`${message} ${JSON.stringify(fields)}`);
      const registry = createRegistry({
        insecureHosts: [server.host],
        config,
        clock,
        log: { debug: log, warn: log },
        onRequest: ({ outcome }) => void outcomes.push(outcome),
      });
      cleanups.push(() => registry.close());
      const repository = { host: server.host, path: 'team/app' };
      return {
        clock,
        registry,
        outcomes,
        logged,
        ask: (credentials = [], signal) =>
          registry.confirm({ repository, tag: '1.0', credentials: async () => credentials, signal }),
        list: (credentials = [], signal) =>
          registry.listTags({ repository, credentials: async () => credentials, signal }),
      };
    },
    end: async () => {
      for (const cleanup of cleanups.splice(0)) await cleanup();
    },
  };
}

/** The settings of some hosts, as if read from a file. */
export function configOf(
  hosts: Readonly<Record<string, Partial<RegistryHost>>>,
  defaults: Partial<RegistryConfig['defaults']> = {},
): RegistryConfig {
  const limits = { ...DEFAULT_REGISTRY_CONFIG.defaults, ...defaults };
  const plain = { ...limits, insecure: false, ca: undefined, mirrors: [] };
  return {
    defaults: limits,
    hosts: new Map(Object.entries(hosts).map(([host, entry]) => [host, { ...plain, ...entry }])),
  };
}

/** A script that always answers the same. */
export function answers(status: number, headers: Record<string, string> = {}, body = ''): Script {
  return (_, response) => void response.writeHead(status, headers).end(body);
}

/** The body of a registry's refusal. */
export function errors(code: string, message = ''): string {
  return JSON.stringify({ errors: [{ code, message, detail: null }] });
}
