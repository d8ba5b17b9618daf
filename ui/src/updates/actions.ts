import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { ApiError } from '../state/api.ts';
import type { Services } from '../state/services.ts';

/** Which request is meant. */
export type RequestName = Pick<UpdateRow, 'namespace' | 'name'>;

interface ActionAnswer {
  readonly phase: string;
  readonly message?: string;
}

interface BulkAnswer {
  readonly success_count: number;
  readonly failed_count: number;
  readonly errors: readonly string[];
}

type Deps = Pick<Services, 'api' | 'toasts'>;

/** Approves one request and says what came of it; whether it was taken. */
export function approve({ api, toasts }: Deps, request: RequestName): Promise<boolean> {
  return told(toasts, async () => {
    const answer = await api.send<ActionAnswer>('POST', `${pathOf(request)}/approve`);
    if (answer.phase === 'Failed') {
      toasts.show({ tone: 'danger', text: `${request.name}: ${answer.message ?? 'the update failed'}` });
      return;
    }
    const text = answer.phase === 'Completed' ? 'applied' : (answer.message ?? 'approved');
    toasts.show({ tone: 'ok', text: `${request.name}: ${text}` });
  });
}

/** Rejects one request; whether it was taken. */
export function reject({ api, toasts }: Deps, request: RequestName, reason: string): Promise<boolean> {
  return told(toasts, async () => {
    await api.send('POST', `${pathOf(request)}/reject`, reason === '' ? {} : { reason });
    toasts.show({ tone: 'ok', text: `${request.name}: rejected` });
  });
}

/** Approves or rejects many at once, and says how many of them could not be. */
export function actOnMany(
  { api, toasts }: Deps,
  verb: 'approve' | 'reject',
  requests: readonly RequestName[],
  reason: string,
): Promise<boolean> {
  return told(toasts, async () => {
    const updates = requests.map(({ namespace, name }) => ({ namespace, name }));
    const body = verb === 'reject' && reason !== '' ? { updates, reason } : { updates };
    const answer = await api.send<BulkAnswer>('POST', `/api/v1/updates/bulk/${verb}`, body);
    const done = verb === 'approve' ? 'approved' : 'rejected';
    if (answer.success_count > 0) toasts.show({ tone: 'ok', text: `${answer.success_count} ${done}` });
    if (answer.failed_count > 0)
      toasts.show({
        tone: 'danger',
        text: `${answer.failed_count} not ${done}: ${answer.errors.join('; ')}`,
      });
  });
}

async function told(toasts: Deps['toasts'], run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toasts.show({ tone: 'danger', text: error.message });
    return false;
  }
}

function pathOf({ namespace, name }: RequestName): string {
  return `/api/v1/updates/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}
