import { fail, ok } from '../core/result.ts';
import { readBoolean, readInterval, type Reader } from './values.ts';

/** DNS subdomain, as the names of most objects of Kubernetes. */
const OBJECT_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

const readObjectName: Reader<string> = (text) =>
  OBJECT_NAME.test(text) ? ok(text) : fail('the name of an object (lower-case letters, digits, - and .)');

const undecided: boolean | undefined = undefined;

/** The part of the table of variables that is about which of several replicas leads; `variables.ts` holds the whole. */
export const LEADERSHIP_VARIABLES = {
  HEADWIND_LEADER_ELECTION: {
    read: readBoolean,
    fallback: undecided,
    shown: '',
    description:
      'Whether several replicas choose one that polls, applies and verifies, by a Lease; if not set, they do where the program runs in a pod and is not given a kubeconfig',
  },
  HEADWIND_LEASE_NAME: {
    read: readObjectName,
    fallback: 'headwind',
    shown: 'headwind',
    description:
      'Name of that Lease, in Headwind’s own namespace; each Headwind that watches other workloads needs one of its own',
  },
  // Who takes over waits for the duration since it saw the last renewal, which it does within half a period: at these times within
  // 12 s of the leader's end. Three more are for what has piled up meanwhile, so that all is done within 15. What lies between
  // deadline and duration is for clocks that run apart.
  HEADWIND_LEASE_DURATION: interval(
    11,
    'How long the other replicas leave a leader alone that gives no sign of life; longer than the next one',
  ),
  HEADWIND_LEASE_RENEW_DEADLINE: interval(
    7,
    'After how long a leader gives up that could not renew the Lease; longer than the next one',
  ),
  HEADWIND_LEASE_RETRY_PERIOD: interval(
    2,
    'How often the leader renews the Lease; the others look at it twice as often',
  ),
} as const;

function interval(seconds: number, description: string) {
  return { read: readInterval, fallback: seconds * 1000, shown: String(seconds), description };
}
