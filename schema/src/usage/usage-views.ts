import { isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';

export interface FieldStanding {
  coordinate: string;
  deprecated: string | null;
  count: number;
}

/** Every field that clients could use, with how often they did. */
export function fieldStandings(schema: GraphQLSchema, used: readonly { coordinate: string; count: number }[]): FieldStanding[] {
  const counts = new Map(used.map(({ coordinate, count }) => [coordinate, count]));
  return Object.values(schema.getTypeMap())
    .filter((type) => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__'))
    .flatMap((type) =>
      (isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []).map((field) => {
        const coordinate = `${type.name}.${field.name}`;
        return { coordinate, deprecated: field.deprecationReason ?? null, count: counts.get(coordinate) ?? 0 };
      }),
    )
    .sort((a, b) => b.count - a.count || (a.coordinate < b.coordinate ? -1 : 1));
}

export const unusedFields = (standings: readonly FieldStanding[]) => standings.filter(({ count }) => count === 0);
export const deprecatedButUsed = (standings: readonly FieldStanding[]) =>
  standings.filter(({ deprecated, count }) => deprecated !== null && count > 0);
