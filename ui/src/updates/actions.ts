import type { UpdateDetail, UpdateRow } from '../../../src/http/dashboard-shapes.ts';
import { ApiError } from '../state/api.ts';
import type { Services } from '../state/services.ts';
import { conflictText } from './conflict.ts';

/** Which request is meant. */
export type RequestName = Pick<UpdateRow, 'namespace' | 'name'>;

interface ActionAnswer {
  readonly phase: string;
  readonly message?: string;
}

type Deps = Pick<Services, 'api' | 'toasts' | 'now'>;

/** Approves one request and says what came of it; whether the matter is settled, by us or by somebody else. */
export function approve(deps: Deps, request: RequestName): Promise<boolean> {
  return told(deps, request, async () => {
    const answer = await deps.api.send<ActionAnswer>('POST', `${pathOf(request)}/approve`);
    if (answer.phase === 'Failed') {
      const text = `${request.name}: ${answer.message ?? 'the update failed'}`;
      deps.toasts.show({ tone: 'danger', text });
      return;
    }
    const text = answer.phase === 'Completed' ? 'applied' : (answer.message ?? 'approved');
    deps.toasts.show({ tone: 'ok', text: `${request.name}: ${text}` });
  });
}

/** Rejects one request; whether the matter is settled. */
export function reject(deps: Deps, request: RequestName, reason: string): Promise<boolean> {
  return told(deps, request, async () => {
    await deps.api.send('POST', `${pathOf(request)}/reject`, reason === '' ? {} : { reason });
    deps.toasts.show({ tone: 'ok', text: `${request.name}: rejected` });
  });
}

async function told(deps: Deps, request: RequestName, run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const isConflict = error.code === 'HW_CONFLICT';
    const text = isConflict ? await whatHappened(deps, request, error) : error.message;
    deps.toasts.show({ tone: isConflict ? 'plain' : 'danger', text });
    return isConflict || error.code === 'HW_REQUEST_NOT_FOUND';
  }
}

/** Who was faster, and what they did. */
async function whatHappened(
  { api, now }: Deps,
  { namespace, name }: RequestName,
  error: ApiError,
): Promise<string> {
  const path = `/api/v1/dashboard/updates/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  try {
    const { row } = await api.get<UpdateDetail>(path);
    return conflictText(row, Math.max(now.get(), Date.parse(row.updatedAt)));
  } catch {
    return error.message;
  }
}

function pathOf({ namespace, name }: RequestName): string {
  return `/api/v1/updates/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}
