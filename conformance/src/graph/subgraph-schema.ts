import { buildSubgraphSchema } from '@apollo/subgraph';
import { GraphQLError, parse, type GraphQLSchema } from 'graphql';
import type { Holds } from './holds.js';
import { MARKERS_SERVED, sdlOf, type SubgraphName } from './sdl.js';
import type { Stream, StreamEvent } from './stream.js';

export interface GraphState {
  streamOf: (line: string) => Stream;
  /** Entity fetches that wait until the suite lets them go. */
  holds: Holds;
  /** Parcels resolved as entities, by subgraph and id, oldest first. */
  entityFetches: { subgraph: SubgraphName; id: string }[];
}

interface Reference {
  id: string;
  weightG?: number;
}

/** `p12` weighs 1,200 g. Ids that begin with `gone`, `broken` or `ownerless` behave as they are called. */
const weightOf = (id: string) => Number(/\d+/.exec(id)?.[0] ?? 0) * 100;

/** An event's fields as the schema has them; a parcel is given by its id. */
function resolved(field: string, event: StreamEvent): Record<string, unknown> {
  const parcel = (id: unknown) => (typeof id === 'string' ? { id } : null);
  const { parcels, ...rest } = event;
  return {
    [field]: {
      ...rest,
      parcel: parcel(event.parcel),
      firm: parcel(event.firm ?? 'p1'),
      parcels: Array.isArray(parcels) ? parcels.map(parcel) : [],
    },
  };
}

async function* mapped(field: string, events: AsyncIterableIterator<StreamEvent>) {
  for await (const event of events) yield resolved(field, event);
}

function streamField(field: string, state: GraphState) {
  return {
    subscribe: (_root: unknown, { line, after }: { line: string; after?: string | null }) => {
      const source = state.streamOf(line).subscribe(after ?? null);
      const events = mapped(field, source);
      // A generator that waits for its source does not hear `return`: the source has to.
      return Object.assign(events, { return: () => source.return!().then(() => ({ value: undefined, done: true as const })) });
    },
  };
}

export function subgraphSchema(name: SubgraphName, state: GraphState): GraphQLSchema {
  const entity = (extra: (reference: Reference) => unknown) => async (reference: Reference) => {
    state.entityFetches.push({ subgraph: name, id: reference.id });
    await state.holds.pass(name, reference.id);
    return extra(reference);
  };
  const says = () => name;
  const resolvers = {
    tracking: () => ({
      Query: { tracking: says },
      Subscription: {
        moved: streamField('moved', state),
        refused: {
          subscribe: () => {
            throw new GraphQLError('This stream is refused.', { extensions: { code: 'REFUSED' } });
          },
        },
      },
      Parcel: { __resolveReference: entity((reference) => reference), place: ({ id }: Reference) => `${id} seen by tracking` },
    }),
    catalog: () => ({
      Query: {
        parcel: (_: unknown, { id }: Reference) => catalogParcel(id),
        ...Object.fromEntries(Array.from({ length: MARKERS_SERVED }, (_, index) => [`marker${index + 1}`, () => true])),
      },
      Mutation: { rename: (_: unknown, { id, name: newName }: Reference & { name: string }) => ({ ...catalogParcel(id), name: newName }) },
      Parcel: { __resolveReference: entity(({ id }) => catalogParcel(id)) },
    }),
    quotes: () => ({
      Query: { quotes: says },
      Parcel: {
        __resolveReference: entity((reference) => reference),
        shippingCents: ({ weightG }: Reference) => {
          if (weightG === undefined) throw new GraphQLError('weightG was not sent.');
          return weightG * 2;
        },
        colour: ({ id }: Reference) => `${id} painted by quotes`,
      },
    }),
    beacon: () => ({
      Query: { beacon: says },
      Subscription: { watched: streamField('watched', state), pinged: streamField('pinged', state) },
    }),
    lighthouse: () => ({ Query: { lighthouse: says }, Subscription: { lit: streamField('lit', state) } }),
  }[name]();
  return buildSubgraphSchema([{ typeDefs: parse(sdlOf(name, null)), resolvers }]);
}

function catalogParcel(id: string) {
  if (id.startsWith('gone')) return null;
  if (id.startsWith('broken')) throw new GraphQLError(`Parcel ${id} cannot be read.`, { extensions: { code: 'PARCEL_BROKEN' } });
  return {
    id,
    name: `Parcel ${id}`,
    nickname: null,
    weightG: weightOf(id),
    colour: `${id} painted by catalog`,
    place: `${id} seen by catalog`,
    owner: id.startsWith('ownerless') ? null : { name: `Owner of ${id}` },
  };
}
