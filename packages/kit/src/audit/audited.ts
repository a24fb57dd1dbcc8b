import { randomUUID } from 'node:crypto';
import type { AuditRecord, SubscriptionAccess } from '@pulsegraph/contracts';
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import { DomainError } from '../errors/index.js';
import type { Log } from '../log/index.js';
import type { DatabaseOwner, Sql } from '../postgres/index.js';
import type { Subgraph, SubgraphContext, SubgraphRequest } from '../subgraph/subgraph.js';
import { completed, readRecord, recordOf, type Call } from './event.js';
import { rememberRequest } from './note.js';
import { AuditOutbox } from './outbox.js';
import { auditReads } from './reads.js';
import { AuditRelay } from './relay.js';
import type { AuditSink } from './sink.js';

export interface AuditOptions {
  owner: DatabaseOwner;
  /** Serves people: writes the outbox, and can do nothing else to it. */
  api: Sql;
  /** Brings the outbox to the trail. */
  service: Sql;
  /** Without one, records wait in the outbox. */
  sink?: AuditSink;
  log: Log;
  /** Patients are this subgraph's own: see PatientReads. */
  ownsPatients?: boolean;
  /** Input types of which the trail tells ids alone. */
  personalInputs?: readonly string[];
}

type Resolver = GraphQLFieldResolver<unknown, SubgraphContext, Record<string, unknown>>;

/** Answers of mutations wait this long at most for the trail, so that whoever reads it next finds what they did. */
const SETTLE_MS = 250;
const REFUSALS = new Set(['FORBIDDEN', 'UNAUTHENTICATED']);

/**
 * A subgraph whose mutations, refusals and reads of personal data are on record before they are answered. In the schema
 * itself, so that no way to a resolver goes around it.
 */
export function audited<S extends Subgraph>(subgraph: S, options: AuditOptions): S {
  const { log, sink } = options;
  const outbox = new AuditOutbox(options.owner, options.api, options.service);
  const relay = sink && new AuditRelay(outbox, sink, log);
  const write = async (kind: 'EVENT' | 'ATTEMPT' | 'OUTCOME', records: readonly AuditRecord[]) => {
    try {
      await outbox.add(kind, records);
    } catch (error) {
      log.error({ err: error }, 'The audit outbox cannot be written');
      throw new DomainError(
        'SERVICE_UNAVAILABLE',
        'This cannot be recorded in the audit trail just now, so it was not done. Try again shortly.',
        {
          service: 'audit',
        },
      );
    }
    if (kind !== 'ATTEMPT') void relay?.nudge();
  };
  const settle = async () => {
    if (!relay || relay.away) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([relay.nudge(), new Promise((resolve) => (timer = setTimeout(resolve, SETTLE_MS)))]);
    clearTimeout(timer);
  };
  guardMutations(subgraph.schema, new Set(options.personalInputs), write, settle, log);
  guardRefusals(subgraph.schema, new Set(options.personalInputs), write);
  auditReads(subgraph.schema, {
    ownsPatients: options.ownsPatients ?? false,
    owner: options.owner,
    write: (records) => write('EVENT', records),
  });

  return {
    ...subgraph,
    createContext(request: SubgraphRequest) {
      const context = subgraph.createContext(request);
      rememberRequest(context, request);
      return context;
    },
    async recordAccess({ action, patientIds }: SubscriptionAccess, request: SubgraphRequest) {
      const context = subgraph.createContext(request);
      rememberRequest(context, request);
      const ids = patientIds.length > 0 ? patientIds : [null];
      await write(
        'EVENT',
        ids.map((id) => ({ ...readRecord(context, 'Patient', id), action })),
      );
    },
    async start() {
      relay?.start();
      await subgraph.start();
    },
    async stop() {
      await relay?.stop();
      await subgraph.stop();
    },
  };
}

type Write = (kind: 'EVENT' | 'ATTEMPT' | 'OUTCOME', records: readonly AuditRecord[]) => Promise<void>;

function guardMutations(schema: GraphQLSchema, personal: ReadonlySet<string>, write: Write, settle: () => Promise<void>, log: Log): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = field.resolve as Resolver;
    field.resolve = async (source, args: Record<string, unknown>, context: SubgraphContext, info) => {
      const call: Call = { args, context, info };
      const attempt = recordOf(call, personal);
      await write('ATTEMPT', [attempt]);
      const end = async (how: { outcome: string; code?: string }, result?: unknown) => {
        try {
          await write('OUTCOME', [completed(attempt, call, how, result)]);
          await settle();
        } catch (error) {
          // It is done, and its attempt is on record: the trail will say that the outcome is unknown.
          log.error({ err: error, id: attempt.id }, 'How a mutation ended could not be recorded');
        }
      };
      try {
        const result: unknown = await resolve(source, args, context, info);
        await end({ outcome: 'SUCCEEDED' }, result);
        return result;
      } catch (error) {
        await end(endOf(error));
        throw error;
      }
    };
  }
}

/** Queries and subscriptions that somebody known was refused. A stranger was refused at the door and is nobody. */
function guardRefusals(schema: GraphQLSchema, personal: ReadonlySet<string>, write: Write): void {
  const guard = (resolve: Resolver): Resolver => {
    const refused = async (error: unknown, call: Call): Promise<never> => {
      const end = endOf(error);
      if (end.outcome === 'REFUSED' && call.context.viewer?.subject) {
        await write('EVENT', [{ ...completed(recordOf(call, personal), call, end), id: randomUUID() }]);
      }
      throw error;
    };
    return (source, args, context, info) => {
      try {
        const result = resolve(source, args, context, info);
        return result instanceof Promise ? result.catch((error: unknown) => refused(error, { args, context, info })) : result;
      } catch (error) {
        return refused(error, { args, context, info });
      }
    };
  };
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    if (field.resolve && !field.name.startsWith('_')) field.resolve = guard(field.resolve as Resolver);
  }
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    if (field.subscribe) field.subscribe = guard(field.subscribe as Resolver);
  }
}

function endOf(error: unknown): { outcome: 'REFUSED' | 'FAILED'; code: string } {
  const code = error instanceof DomainError ? error.code : 'INTERNAL_SERVER_ERROR';
  return { outcome: REFUSALS.has(code) ? 'REFUSED' : 'FAILED', code };
}
