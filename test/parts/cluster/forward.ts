import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { requirePart } from '../binaries.ts';
import { endingWithUs } from '../child.ts';

export interface ForwardOptions {
  readonly kubeconfigPath: string;
  readonly namespace: string;
  readonly service: string;
  /** Of 127.0.0.1. */
  readonly port: number;
  /** Of the service. */
  readonly to: number;
}

/** A port of this machine that leads to a pod of a service, as `kubectl port-forward` makes it. */
export interface Forward {
  readonly url: string;
  /** Leads to another pod, for when the one so far is gone. */
  renew(): void;
  stop(): void;
}

const AGAIN_MS = 300;

/** Forwards until it is stopped; kubectl, which ends when the pod does, is started anew every time. */
export function forward({ kubeconfigPath, namespace, service, port, to }: ForwardOptions): Forward {
  const stopped = new AbortController();
  let child: ChildProcess | undefined;
  const words = ['--kubeconfig', kubeconfigPath, '--namespace', namespace, 'port-forward'];
  const { command, args } = endingWithUs(requirePart('kubectl', process.env), [
    ...words,
    '--address=127.0.0.1',
    `service/${service}`,
    `${port}:${to}`,
  ]);
  const goOn = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const kubectl = spawn(command, args, { stdio: 'ignore' });
      child = kubectl;
      await new Promise<void>((resolve) => {
        kubectl.once('exit', () => resolve());
        kubectl.once('error', () => resolve());
      });
      await sleep(AGAIN_MS);
    }
  };
  void goOn();
  return {
    url: `http://127.0.0.1:${port}`,
    renew: () => void child?.kill('SIGKILL'),
    stop: () => {
      stopped.abort();
      child?.kill('SIGKILL');
    },
  };
}
