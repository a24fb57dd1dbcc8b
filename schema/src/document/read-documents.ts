import { createHash } from 'node:crypto';
import type { PlannedGraph } from '@pulsegraph/gateway';
import { errors } from '@pulsegraph/kit/errors';
import { GraphQLError, Kind, parse } from 'graphql';
import type { ClientDocument } from './document.repository.js';

/** @throws BAD_USER_INPUT with the document and what the graph says to it: a client must not be built on what is not there. */
export function readDocuments(texts: readonly string[], graph: PlannedGraph): ClientDocument[] {
  const byHash = new Map<string, ClientDocument>();
  texts.forEach((document, index) => {
    const path = `documents[${index}]`;
    const name = nameOf(document, path);
    const refusal = graph.refusal(document, name === 'anonymous' ? undefined : name);
    if (refusal) throw errors.badUserInput(path, `${name} does not fit the graph: ${refusal.join('; ')}`);
    const hash = createHash('sha256').update(document).digest('hex');
    byHash.set(hash, { hash, name, document });
  });
  return [...byHash.values()];
}

function nameOf(document: string, path: string): string {
  try {
    const operations = parse(document).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
    if (operations.length !== 1) throw errors.badUserInput(path, 'must hold exactly one operation');
    return operations[0]!.name?.value ?? 'anonymous';
  } catch (error) {
    if (error instanceof GraphQLError) throw errors.badUserInput(path, error.message);
    throw error;
  }
}
