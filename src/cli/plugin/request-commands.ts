import type { UpdateRequest } from '../../core/update-request.ts';
import { FailedError } from '../exit.ts';
import { approve, reject } from './act.ts';
import { formatList, formatNamed, isForPeople } from './format.ts';
import { readRequestName } from './names.ts';
import { describeRequest } from './request-format.ts';
import { withSession, type CommandHome, type Session } from './session.ts';

/** Declares what is done with update requests. */
export function declareRequestCommands(home: CommandHome): void {
  const { program } = home;
  program
    .command('list')
    .alias('ls')
    .description('list update requests, newest first')
    .action(() => withSession(home, 'list', list));
  program
    .command('get <request...>')
    .description('show all there is to know about update requests')
    .action((texts: readonly string[]) => {
      const names = texts.map(readRequestName);
      return withSession(home, 'get', (session) => get(session, names));
    });
  program
    .command('approve <request...>')
    .description('approve update requests and wait until the updates are applied')
    .action((texts: readonly string[]) => {
      const names = texts.map(readRequestName);
      return withSession(home, 'approve', (session) => {
        const { options, namespace } = session;
        const targets = names.map((name) => ({ namespace, name }));
        const { output, approver: by, timeoutMs } = options;
        return approve({ ...session, output, targets, by, timeoutMs });
      });
    });
  program
    .command('reject <request> [reason]')
    .description('reject an update request; its version is not proposed again')
    .action((text: string, reason: string | undefined) => {
      const name = readRequestName(text);
      return withSession(home, 'reject', (session) => {
        const { options, namespace } = session;
        const { output, approver: by } = options;
        const why = reason ?? options.reason;
        return reject({ ...session, output, target: { namespace, name }, by, reason: why });
      });
    });
}

async function list({ backend, options, scope, terminal, format }: Session): Promise<void> {
  const { output, phases, selector } = options;
  const listed = await backend.list(scope);
  const all = listed.filter(({ metadata }) => selector?.matches(metadata.labels) ?? true);
  const wanted = all
    .filter(({ status }) => phases.includes(status.phase))
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp));
  if (wanted.length === 0 && isForPeople(output)) {
    const where = scope === undefined ? 'in any namespace' : `in namespace "${scope}"`;
    const which = selector === undefined ? '' : ` with labels ${selector.text}`;
    const finished = all.length === 0 ? '' : ` (${all.length} in other phases: --phase all)`;
    terminal.err(`No update requests ${where}${which}${finished}.`);
    return;
  }
  for (const line of formatList(wanted, format)) terminal.out(line);
}

async function get(
  { backend, options, namespace, terminal, clock }: Session,
  names: readonly string[],
): Promise<void> {
  const found: UpdateRequest[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const request = await backend.get({ namespace, name });
    if (request === undefined)
      missing.push(`there is no update request "${name}" in namespace "${namespace}"`);
    else found.push(request);
  }
  const text = formatNamed(found, options.output);
  if (text !== undefined) terminal.out(text);
  else
    for (const [index, request] of found.entries()) {
      if (index > 0) terminal.out('');
      for (const line of describeRequest(request, clock.now())) terminal.out(line);
    }
  if (missing.length > 0) throw new FailedError(missing.join('\n'));
}
