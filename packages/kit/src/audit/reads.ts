import { patientIdsIn, type AuditRecord } from '@pulsegraph/contracts';
import DataLoader from 'dataloader';
import { getNamedType, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { SubgraphContext } from '../subgraph/subgraph.js';
import { readRecord } from './event.js';

type Resolver = GraphQLFieldResolver<unknown, SubgraphContext, Record<string, unknown>>;
type Load = (id: string) => Promise<unknown>;

const PATIENT = 'Patient';

export interface PatientReads {
  /** The subgraph that owns patients: each field that leads to one shows who they are. Elsewhere it is only a reference. */
  ownsPatients: boolean;
  write: (records: AuditRecord[]) => Promise<void>;
  /** Named in the record: identity, series or alerts were read. */
  owner: string;
}

/**
 * Records every patient of whom a person's operation reads something, once per operation and in one statement per round of
 * reading. What serves a shared subscription is recorded where the subscription begins.
 */
export function auditReads(schema: GraphQLSchema, { ownsPatients, write, owner }: PatientReads): void {
  const loaders = new WeakMap<SubgraphContext, Load>();
  const loaderOf = (context: SubgraphContext): Load => {
    let load = loaders.get(context);
    if (!load) {
      const loader = new DataLoader<string, true>(async (ids) => {
        await write(ids.map((id) => readRecord(context, PATIENT, id, { from: owner })));
        return ids.map(() => true as const);
      });
      load = (id) => loader.load(id);
      loaders.set(context, load);
    }
    return load;
  };

  if (ownsPatients) auditFields(schema, loaderOf);
  auditFilters(schema, loaderOf);
  auditEntities(schema, loaderOf);
}

type LoaderOf = (context: SubgraphContext) => Load;

function auditFields(schema: GraphQLSchema, loaderOf: LoaderOf): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__') || type === schema.getMutationType()) continue;
    for (const field of Object.values(type.getFields())) {
      if (getNamedType(field.type).name !== PATIENT) continue;
      const resolve: Resolver = (field.resolve as Resolver | undefined) ?? ((source) => (source as Record<string, unknown>)[field.name]);
      field.resolve = async (source, args: Record<string, unknown>, context: SubgraphContext, info) => {
        const value: unknown = await resolve(source, args, context, info);
        if (!context.viewer?.subject) return value;
        const found = (Array.isArray(value) ? value : [value]) as ({ id?: string } | null | undefined)[];
        await Promise.all(found.flatMap((patient) => (patient?.id ? [loaderOf(context)(patient.id)] : [])));
        return value;
      };
    }
  }
}

/** Alerts or readings of one patient: `alerts(filter: { patientId })`. */
function auditFilters(schema: GraphQLSchema, loaderOf: LoaderOf): void {
  for (const field of Object.values(schema.getQueryType()?.getFields() ?? {})) {
    if (!field.resolve || field.args.length === 0) continue;
    const resolve = field.resolve as Resolver;
    field.resolve = async (source, args: Record<string, unknown>, context: SubgraphContext, info) => {
      const value: unknown = await resolve(source, args, context, info);
      if (context.viewer?.subject) await Promise.all(patientIdsIn(args).map((id) => loaderOf(context)(id)));
      return value;
    };
  }
}

function auditEntities(schema: GraphQLSchema, loaderOf: LoaderOf): void {
  const entities = schema.getQueryType()?.getFields()._entities;
  if (!entities?.resolve) return;
  const resolve = entities.resolve as Resolver;
  entities.resolve = async (source, args: { representations?: { __typename: string; id: string }[] }, context: SubgraphContext, info) => {
    const value = (await resolve(source, args, context, info)) as unknown[];
    const asked = args.representations ?? [];
    if (!context.viewer?.subject || !asked.some(({ __typename }) => __typename === PATIENT)) return value;
    const settled = await Promise.allSettled(value);
    const read = asked.filter(({ __typename }, place) => {
      const result = settled[place];
      return __typename === PATIENT && result?.status === 'fulfilled' && result.value;
    });
    await Promise.all(read.map(({ id }) => loaderOf(context)(id)));
    return value;
  };
}
