import { withTraceparent } from '../core/request-trace.ts';
import { redactText } from '../core/redact.ts';
import type { RequestObservation as KubernetesObservation } from '../kubernetes/client.ts';
import type { Outbox } from '../pipeline/request-store.ts';
import type { RequestObservation as RegistryObservation } from '../registry/hosts.ts';
import { currentTraceparent, isInSpan, recordSpan, type SpanFacts } from '../telemetry/trace.ts';

/** Has every new request carry the trace that it comes from, in the write that makes it. */
export function rememberTraces(outbox: Outbox): Outbox {
  return {
    atCreation: (request) => outbox.atCreation(withTraceparent(request, currentTraceparent())),
    atChange: (request, status) => outbox.atChange(request, status),
  };
}

// Calls become spans only as a part of something: what watches, leases and clean-up ask all the time is no story. Nothing is
// told to the other side of the trace that it belongs to, since most registries are somebody else's. Names and facts:
// https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span

/** A call to a registry, its token server, or a repository of charts. */
export function traceRegistry(observation: RegistryObservation, nowMs: number): void {
  const { host, path, purpose, outcome, status } = observation;
  recordCall(observation, nowMs, {
    server: host,
    status,
    facts: () => ({
      'url.path': redactText(path),
      'headwind.purpose': purpose,
      'headwind.outcome': outcome,
    }),
    errorType: errorOf(outcome, status),
  });
}

/** A call to the Kubernetes API. */
export function traceKubernetes(observation: KubernetesObservation, server: string, nowMs: number): void {
  const { verb, path, code } = observation;
  const status = Number(code);
  recordCall(observation, nowMs, {
    server,
    status: Number.isNaN(status) ? undefined : status,
    facts: () => ({ 'url.path': path, 'headwind.kubernetes.verb': verb }),
    errorType: status < 400 ? undefined : code,
  });
}

interface CallTold {
  /** `HOST` or `HOST:PORT`. */
  readonly server: string;
  readonly status: number | undefined;
  readonly facts: () => SpanFacts;
  readonly errorType: string | undefined;
}

function recordCall(
  { method, durationMs }: { readonly method: string; readonly durationMs: number },
  nowMs: number,
  { server, status, facts, errorType }: CallTold,
): void {
  if (!isInSpan()) return;
  recordSpan({
    name: method,
    kind: 'client',
    startedAtMs: nowMs - durationMs,
    durationMs,
    facts: () => ({
      'http.request.method': method,
      ...serverOf(server),
      'http.response.status_code': status,
      ...facts(),
    }),
    errorType,
  });
}

function serverOf(host: string): SpanFacts {
  const [, address = host, port] = /^(.*):(\d{1,5})$/.exec(host) ?? [];
  return { 'server.address': address, ...(port !== undefined && { 'server.port': Number(port) }) };
}

/** What is no failure of the call: an answer that says no is one, of a registry that works. */
function errorOf(outcome: RegistryObservation['outcome'], status: number | undefined): string | undefined {
  if (outcome === 'answered' || outcome === 'not-modified') return undefined;
  return status === undefined ? outcome : String(status);
}
