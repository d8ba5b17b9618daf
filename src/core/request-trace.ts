import type { NewRequest } from './new-request.ts';
import type { UpdateRequest } from './update-request.ts';

/**
 * On an UpdateRequest: the trace that it came from, as a W3C `traceparent`, so that whoever approves it hours later, and a
 * Headwind that was started anew, go on in the same one.
 */
export const TRACEPARENT_ANNOTATION = 'headwind.sh/traceparent';

/** The trace of a request; undefined where nothing was traced, and any text where somebody wrote one. */
export function traceparentOf({ metadata }: Pick<UpdateRequest, 'metadata'>): string | undefined {
  return metadata.annotations?.[TRACEPARENT_ANNOTATION];
}

/** The request with the trace that it comes from, where there is one. */
export function withTraceparent(request: NewRequest, traceparent: string | undefined): NewRequest {
  if (traceparent === undefined) return request;
  const { metadata } = request;
  const annotations = { ...metadata.annotations, [TRACEPARENT_ANNOTATION]: traceparent };
  return { ...request, metadata: { ...metadata, annotations } };
}
