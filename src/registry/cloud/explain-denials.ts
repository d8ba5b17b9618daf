import type { Confirmation, PlatformsAnswer, Registry, TagListing } from '../client.ts';
import type { CloudCredentials } from './cloud-credentials.ts';

/**
 * The same registry client; where a registry refuses whoever asks, it also says why Headwind's own identity at that
 * cloud gave nothing.
 */
export function explainDenials(registry: Registry, cloud: Pick<CloudCredentials, 'problemOf'>): Registry {
  const explain = <A extends Confirmation | TagListing | PlatformsAnswer>(host: string, answer: A): A => {
    if (answer.outcome !== 'unavailable' || answer.denied !== true) return answer;
    const problem = cloud.problemOf(host);
    return problem === undefined ? answer : { ...answer, message: `${answer.message}; ${problem}` };
  };
  return {
    ...registry,
    confirm: async (question) => explain(question.repository.host, await registry.confirm(question)),
    listTags: async (question) => explain(question.repository.host, await registry.listTags(question)),
    platformsOf: async (question) => explain(question.repository.host, await registry.platformsOf(question)),
  };
}
