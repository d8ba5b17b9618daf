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
  const { host, path, method, purpose, outcome, status, durationMs } = observation;
  if (!isInSpan()) return;
  recordSpan({
    name: method,
    kind: 'client',
    startedAtMs: nowMs - durationMs,
    durationMs,
    facts: () => ({
      'http.request.method': method,
      ...serverOf(host),
      'url.path': redactText(path),
      'http.response.status_code': status,
      'headwind.purpose': purpose,
      'headwind.outcome': outcome,
    }),
    errorType: errorOf(outcome, status),
  });
}

/** A call to the Kubernetes API. */
export function traceKubernetes(observation: KubernetesObservation, server: string, nowMs: number): void {
  const { verb, method, path, code, durationMs } = observation;
  if (!isInSpan()) return;
  const status = Number(code);
  recordSpan({
    name: method,
    kind: 'client',
    startedAtMs: nowMs - durationMs,
    durationMs,
    facts: () => ({
      'http.request.method': method,
      ...serverOf(server),
      'url.path': path,
      'http.response.status_code': Number.isNaN(status) ? undefined : status,
      'headwind.kubernetes.verb': verb,
    }),
    errorType: status < 400 ? undefined : code,
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
