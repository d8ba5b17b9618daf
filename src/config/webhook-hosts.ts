import { namesHost, parseRepository } from '../core/image-reference.ts';
import { fail, ok } from '../core/result.ts';
import { isWebhookSenderName, WEBHOOK_SENDER_NAMES } from '../core/webhook-sender-name.ts';
import type { Reader } from './values.ts';

const EXPECTED =
  'sender=host or sender=host/path, separated by commas, such as zot=zot.example.com,nexus=docker.example.com:8443';

/** For each sender the host, and where one is given the start of the path, that its images are pulled from. */
export const readWebhookHosts: Reader<ReadonlyMap<string, string>> = (text) => {
  const hosts = new Map<string, string>();
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const [name = '', place = '', ...more] = entry.split('=').map((part) => part.trim());
    const sender = name.toLowerCase();
    if (more.length > 0 || place === '') return fail(`${EXPECTED}; not one: ${entry}`);
    if (!isWebhookSenderName(sender))
      return fail(`one of the senders ${WEBHOOK_SENDER_NAMES.join(', ')}, not ${name}`);
    if (hosts.has(sender)) return fail(`one host for ${sender}, not two`);
    // As it is written in workloads: what could not stand in front of a repository there would never match one.
    const repository = `${place.replace(/\/$/, '')}/any`;
    if (!namesHost(repository) || !parseRepository(repository).ok)
      return fail(`a registry host as it is written in image names, without a scheme; not one: ${place}`);
    hosts.set(sender, place.replace(/\/$/, ''));
  }
  return ok(hosts);
};
