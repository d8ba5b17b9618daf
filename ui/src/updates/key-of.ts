import type { UpdateRow } from '../../../src/http/dashboard-shapes.ts';

/** Names a request: `namespace/name`. */
export function keyOf({ namespace, name }: Pick<UpdateRow, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
