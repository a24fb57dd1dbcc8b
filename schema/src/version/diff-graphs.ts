import { diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

export interface GraphChange {
  level: string;
  path: string;
  message: string;
}

/** What clients see of it. */
export async function diffGraphs(beforeApiSdl: string, afterApiSdl: string): Promise<GraphChange[]> {
  const changes = await diff(buildSchema(beforeApiSdl), buildSchema(afterApiSdl));
  return changes.map(({ criticality, path = '', message }) => ({ level: criticality.level, path, message }));
}
