import { createHash } from 'node:crypto';
import { coordinatesOf } from '@pulsegraph/kit/graphql';
import { parse, type GraphQLSchema } from 'graphql';
import type { KnownOperation, OperationUse } from '../check/known-operation.js';
import { activeDocuments } from '../document/document.repository.js';
import type { Sql } from '../store/store.js';
import { openOperations, usedOperations } from '../usage/usage.repository.js';

interface Collected {
  name: string;
  document: string;
  coordinates: readonly string[] | null;
  uses: OperationUse[];
}

/** Everything that somebody ran in the window, has built into a client, or has open: one entry for each document. */
export async function knownOperations(sql: Sql, schema: GraphQLSchema, windowDays: number): Promise<KnownOperation[]> {
  const byDocument = new Map<string, Collected>();
  const at = (document: string, name: string, coordinates: readonly string[] | null) => {
    const key = createHash('sha256').update(`${name}\n${document}`).digest('hex');
    const known = byDocument.get(key);
    if (known) return known;
    const made: Collected = { name, document, coordinates, uses: [] };
    byDocument.set(key, made);
    return made;
  };
  for (const { name, document, coordinates, uses } of await usedOperations(sql, windowDays)) {
    const collected = at(document, name, coordinates);
    for (const use of uses) collected.uses.push({ source: 'usage', ...use });
  }
  for (const { name, document, client, clientVersion } of await activeDocuments(sql))
    at(document, name, null).uses.push({ source: 'document', client, clientVersion, count: 0 });
  for (const { name, document, client, clientVersion, count } of await openOperations(sql))
    at(document, name, null).uses.push({ source: 'open', client, clientVersion, count });
  return [...byDocument.values()].map(({ name, document, coordinates, uses }) => ({
    name,
    document,
    uses,
    coordinates: coordinates ?? coordinatesOf(schema, parse(document)),
  }));
}
