import { lookup as resolve, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whether channels may call addresses of our own network: only where somebody tries things out on one machine. */
export type AddressPolicy = 'refuse-private' | 'allow-private';

const FAULT = 'must not lead into a private network';

/** What is wrong with an address as it stands; what its name resolves to is looked at when it is called. */
export function addressFault(text: string, policy: AddressPolicy): string | null {
  if (policy === 'allow-private') return null;
  const { protocol, hostname } = new URL(text);
  if (protocol !== 'https:') return 'must be an https address';
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) ? !isPublic(host) : /(^|\.)(localhost|local|internal)\.?$/i.test(host)) return FAULT;
  return null;
}

/** For connections: a name that leads to a private address is refused, at the very look-up that connects. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    if (error) return void callback(error, []);
    const hidden = found.find(({ address }) => !isPublic(address));
    if (hidden || found.length === 0) {
      return void callback(Object.assign(new Error('The address leads into a private network.'), { code: REFUSED }), []);
    }
    if (options.all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  });
};

export const REFUSED = 'PRIVATE_ADDRESS';

function isPublic(address: string): boolean {
  // `process` unwraps IPv4 within IPv6.
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}
