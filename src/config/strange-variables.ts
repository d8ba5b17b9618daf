import { findIdleAddresses, findOtherNames, isOtherName } from './notification-settings.ts';
import type { ConfigProblem, Environment } from './problem.ts';
import { VARIABLES, VARIABLES_OF_THE_PLUGIN } from './variables.ts';

const LINK_NAME =
  /_SERVICE_HOST$|_SERVICE_PORT(?:_[A-Z0-9_]+)?$|_PORT$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;

/**
 * Whether a value was set by Kubernetes and by nobody else: a Service called `headwind-webhook` gives every pod of its
 * namespace `HEADWIND_WEBHOOK_PORT=tcp://10.0.0.7:8080`.
 * (https://kubernetes.io/docs/concepts/services-networking/service, "Environment variables")
 */
export function isServiceLink(value: string): boolean {
  return /^(?:tcp|udp|sctp):\/\//.test(value);
}

/**
 * Variables that do not do what somebody hopes: addresses under names that are never read are problems, since ignoring
 * them would be a promise broken in silence; other unknown `HEADWIND_…` are warnings (mostly spelling mistakes).
 */
export function findStrangeVariables(env: Environment): {
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
} {
  const misspelt = Object.entries(env)
    .filter(([variable, given]) => isMisspelt(variable, given?.trim() ?? ''))
    // The value may be a secret that belongs to a variable of another name.
    .map(([variable]) => ({
      variable,
      value: '…',
      expected: 'nothing: Headwind knows no variable of this name',
    }));
  return { problems: findOtherNames(env), warnings: [...misspelt, ...findIdleAddresses(env)] };
}

function isMisspelt(variable: string, value: string): boolean {
  return (
    value !== '' &&
    variable.startsWith('HEADWIND_') &&
    !(variable in VARIABLES) &&
    !isOtherName(variable) &&
    !VARIABLES_OF_THE_PLUGIN.includes(variable) &&
    !LINK_NAME.test(variable) &&
    !isServiceLink(value)
  );
}
