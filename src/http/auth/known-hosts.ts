import { isIP } from 'node:net';

const LOCAL = /^(?:[^.]+|.+\.(?:localhost|svc|svc\.cluster\.local|cluster\.local))$/;

/**
 * Whether a Host header is one under which a page of ours can stand: an address, a name that no public name server
 * answers, or the host of one of our own URLs. A page of another site that lets its name point here (DNS rebinding) calls
 * itself by that name, and is told from ours by nothing else.
 */
export function isKnownHost(host: string | null, ownUrls: readonly string[]): boolean {
  const url = URL.parse(`http://${host ?? ''}/`);
  if (url == null) return false;
  const name = url.hostname.toLowerCase().replace(/\.$/, '');
  if (isIP(name.replaceAll(/[[\]]/g, '')) > 0 || LOCAL.test(name)) return true;
  return ownUrls.some((own) => URL.parse(own)?.hostname.toLowerCase() === name);
}
