import { badRequest } from './api-error.ts';
import type { ApiObject } from './api-object.ts';
import { arrayAt, stringAt, valueAt } from './json.ts';

/** What a container has written; there are no processes here, so somebody has to say it. */
export type ContainerLog = (pod: ApiObject, container: string) => string;

/**
 * The answer to `pods/<name>/log`.
 * @throws ApiError 400 if the container is unknown, not named, or has not started.
 */
export function podLog(pod: ApiObject, wanted: string | null, log: ContainerLog): string {
  const names = ['initContainers', 'containers'].flatMap((list) =>
    arrayAt(pod, 'spec', list).map((container) => stringAt(container, 'name')),
  );
  const own = arrayAt(pod, 'spec', 'containers').map((container) => stringAt(container, 'name'));
  const { name } = pod.metadata;
  if (wanted == null && own.length > 1)
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${own.join(' ')}]`);
  const container = wanted ?? own[0] ?? '';
  if (!names.includes(container)) throw badRequest(`container ${container} is not valid for pod ${name}`);
  const status = arrayAt(pod, 'status', 'containerStatuses').find(
    (item) => stringAt(item, 'name') === container,
  );
  const waiting = stringAt(status, 'state', 'waiting', 'reason');
  const ranBefore = valueAt(status, 'lastState', 'terminated') !== undefined;
  if (waiting !== '' && !ranBefore)
    throw badRequest(`container "${container}" in pod "${name}" is waiting to start: ${waiting}`);
  return log(pod, container);
}

/** A line that says what is running, for want of a process. */
export function plainLog(pod: ApiObject, container: string): string {
  const image = arrayAt(pod, 'spec', 'containers').find((item) => stringAt(item, 'name') === container);
  return `${container}: running ${stringAt(image, 'image')}\n`;
}
