import { showValue, type ConfigProblem, type Environment } from './problem.ts';
import { readBoolean } from './values.ts';
import { SWITCHES_OF_LATER_VERSIONS, VARIABLES, VARIABLES_OF_THE_PLUGIN } from './variables.ts';

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
 * Variables that the table does not hold: switches for what this version lacks are problems, since ignoring them would
 * be a promise broken in silence; other unknown `HEADWIND_…` are warnings (mostly spelling mistakes).
 */
export function findStrangeVariables(env: Environment): {
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
} {
  const problems: ConfigProblem[] = [];
  const warnings: ConfigProblem[] = [];
  for (const [variable, given] of Object.entries(env)) {
    const value = given?.trim() ?? '';
    if (value === '' || variable in VARIABLES) continue;
    if (SWITCHES_OF_LATER_VERSIONS.includes(variable)) {
      const switched = readBoolean(value);
      if (!switched.ok) problems.push({ variable, value: showValue(value), expected: switched.error });
      else if (switched.value)
        problems.push({ variable, value, expected: 'false: not available in this version' });
    } else if (isMisspelt(variable, value)) {
      // The value may be a secret that belongs to a variable of another name.
      warnings.push({ variable, value: '…', expected: 'nothing: Headwind knows no variable of this name' });
    }
  }
  return { problems, warnings };
}

function isMisspelt(variable: string, value: string): boolean {
  return (
    variable.startsWith('HEADWIND_') &&
    !VARIABLES_OF_THE_PLUGIN.includes(variable) &&
    !LINK_NAME.test(variable) &&
    !isServiceLink(value)
  );
}
