import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { REQUEST_ID_HEADER } from '@pulsegraph/contracts';

/** Where a request comes from, for logs, audit and metrics. */
export interface ClientOrigin {
  clientAddress?: string;
  userAgent?: string;
  clientName?: string;
  clientVersion?: string;
}

const MAX_NAME = 64;

/** @param trustedProxies How many proxies stand in front of us: that many entries of X-Forwarded-For are theirs. */
export function clientOriginReader(trustedProxies: number): (request: IncomingMessage) => ClientOrigin {
  return (request) => {
    const { headers } = request;
    return {
      clientAddress: addressOf(request, trustedProxies),
      userAgent: headers['user-agent']?.slice(0, 512),
      ...clientNamed(
        headers['apollographql-client-name'] ?? headers['x-client-name'],
        headers['apollographql-client-version'] ?? headers['x-client-version'],
      ),
    };
  };
}

/** What a client calls itself, where that is fit to be a label. */
export function clientNamed(name: unknown, version: unknown): Pick<ClientOrigin, 'clientName' | 'clientVersion'> {
  const sane = (text: unknown): text is string => typeof text === 'string' && /^[\w.:@/+ -]+$/.test(text);
  return {
    ...(sane(name) && { clientName: name.slice(0, MAX_NAME) }),
    ...(sane(version) && { clientVersion: version.slice(0, MAX_NAME) }),
  };
}

function addressOf({ headers, socket }: IncomingMessage, trustedProxies: number): string | undefined {
  if (trustedProxies > 0) {
    const chain = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean);
    const claimed = chain.at(-trustedProxies);
    if (claimed && /^[0-9a-fA-F.:]{2,45}$/.test(claimed)) return claimed;
  }
  return socket.remoteAddress?.replace(/^::ffff:/, '');
}

/** The client's own request id where it has a sane one. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers[REQUEST_ID_HEADER];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}
