import { createHash } from 'node:crypto';
import type { OpenOperation, UsageReport } from '@pulsegraph/contracts';
import { coordinatesOf, withoutLiterals } from '@pulsegraph/kit/graphql';
import { buildSchema, parse } from 'graphql';
import { compose } from '../composition/compose.js';
import { SMALL_GRAPH, SMALL_SUBGRAPHS, urlOfSmall } from './small-graph.js';

const { apiSdl } = compose(SMALL_SUBGRAPHS.map((name) => ({ name, url: urlOfSmall(name), sdl: SMALL_GRAPH[name] })));
export const SMALL_API = buildSchema(apiSdl);

export interface Traffic {
  client: string;
  clientVersion?: string;
  name: string;
  document: string;
  count: number;
}

/** What a gateway would report of this traffic. */
export function usageReport(
  traffic: readonly Traffic[],
  open: readonly (Omit<OpenOperation, 'clientVersion'> & { clientVersion?: string })[] = [],
): UsageReport {
  const clean = (document: string) => withoutLiterals(SMALL_API, parse(document));
  const signatureOf = (document: string) => createHash('sha256').update(clean(document)).digest('hex');
  return {
    gatewayId: 'gateway-1',
    servedVersion: 1,
    atMs: Date.now(),
    operations: traffic.map(({ name, document }) => ({
      signature: signatureOf(document),
      name,
      document: clean(document),
      coordinates: coordinatesOf(SMALL_API, parse(document)),
    })),
    tallies: traffic.map(({ client, clientVersion = '1.0', document, count }) => ({
      signature: signatureOf(document),
      client,
      clientVersion,
      count,
      errors: 0,
      durationMs: count * 5,
    })),
    open: open.map(({ clientVersion = '1.0', ...rest }) => ({ ...rest, clientVersion, document: clean(rest.document) })),
    dropped: 0,
  };
}
