import type { z } from 'zod';
import { fail, ok, type Result } from '../../core/result.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { KubernetesError, lacksRight } from '../../kubernetes/errors.ts';
import type { ServiceAddress } from './api-address.ts';

/** Asks Headwind's API through the API server, for whoever may use its proxy to services. */
export interface ServiceProxy {
  /** The answer to a GET in the wanted shape, or why there is none: the rest of a sentence. */
  ask<T extends z.ZodType>(path: string, query: Query, shape: T): Promise<Result<z.output<T>>>;
}

type Query = Readonly<Record<string, string | undefined>>;

/** Where the network keeps the API server from Headwind, nobody wants to wait long for that. */
const TIMEOUT_MS = 4000;

/**
 * The API server shows nobody's credentials to a service (it takes `Authorization` off), so that this works where
 * Headwind's API asks nobody who they are.
 */
export function createServiceProxy(
  client: Pick<KubernetesClient, 'request'>,
  { namespace, name, port }: ServiceAddress,
): ServiceProxy {
  const root = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy`;
  return {
    async ask(path, query, shape) {
      try {
        const answer = await client.request({
          method: 'GET',
          path: `${root}${path}`,
          query,
          timeoutMs: TIMEOUT_MS,
        });
        const parsed = shape.safeParse(answer);
        return parsed.success
          ? ok(parsed.data)
          : fail(`what answers at service ${namespace}/${name} is no Headwind`);
      } catch (error) {
        return fail(reasonOf(error, `${namespace}/${name}`));
      }
    },
  };
}

function reasonOf(error: unknown, service: string): string {
  if (!(error instanceof KubernetesError)) return `service ${service} does not answer`;
  if (lacksRight(error) && error.status === 403)
    return `you may not get services/proxy of service ${service}`;
  switch (error.status) {
    case 401:
      return `the API of service ${service} wants a token, which the API server does not hand on`;
    case 403:
      return `the API of service ${service} refuses`;
    case 404:
      return `there is no service ${service}`;
    default:
      return `service ${service} does not answer (status ${error.status})`;
  }
}
