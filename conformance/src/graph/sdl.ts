export type SubgraphName = 'tracking' | 'catalog' | 'quotes' | 'beacon' | 'lighthouse';
export const NAMES: readonly SubgraphName[] = ['tracking', 'catalog', 'quotes', 'beacon', 'lighthouse'];

/** What supergraphs of the suite differ in. The subgraphs always serve all of it. */
export interface GraphShape {
  /** Query fields `marker1` to this exist: by the newest, the suite knows which supergraph a gateway serves. */
  markers: number;
  /** Who has `Parcel.colour`; null: it is gone. Fetched after the event wherever it is. */
  colourIn: 'catalog' | 'quotes' | null;
  /** Who has `Parcel.place`: in tracking it comes with the event, in catalog it is fetched after it. */
  placeIn: 'tracking' | 'catalog';
  /** Compose `@resume`, so that the gateway can know how to continue a stream. */
  directives: boolean;
}

export const BASE: GraphShape = { markers: 1, colourIn: 'catalog', placeIn: 'tracking', directives: true };
/** More reloads than a run has. */
export const MARKERS_SERVED = 100;

const FEDERATION = (imports: string) => `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [${imports}])
`;
const LIVE = `
  extend schema
    @link(url: "https://pulsegraph.dev/live/v1.0", import: ["@resume"])
    @composeDirective(name: "@resume")
  directive @resume(argument: String!, cursor: String!) on FIELD_DEFINITION
`;

/** The schema of one subgraph as that shape has it; `null`: everything at once, as it is served. */
export function sdlOf(name: SubgraphName, shape: GraphShape | null): string {
  const directives = shape?.directives ?? false;
  const resume = directives ? '@resume(argument: "after", cursor: "cursor")' : '';
  const live = directives ? LIVE : '';
  const has = (part: 'colourIn' | 'placeIn') => shape === null || shape[part] === name;
  const markers = Array.from({ length: shape?.markers ?? MARKERS_SERVED }, (_, index) => `marker${index + 1}: Boolean`).join('\n    ');
  switch (name) {
    case 'tracking':
      return `${FEDERATION(`"@key"${directives ? ', "@composeDirective"' : ''}`)}${live}
  type Query { tracking: String! }
  type Subscription {
    moved(line: String!, after: String): Move! ${resume}
    refused: Move!
  }
  type Move {
    cursor: String!
    seq: Int!
    note: String
    padding: String
    parcel: Parcel
    firm: Parcel!
    parcels: [Parcel!]!
  }
  type Parcel @key(fields: "id") { id: ID! ${has('placeIn') ? 'place: String' : ''} }`;
    case 'catalog':
      return `${FEDERATION('"@key"')}
  type Query {
    parcel(id: ID!): Parcel
    ${markers}
  }
  type Mutation { rename(id: ID!, name: String!): Parcel }
  type Parcel @key(fields: "id") {
    id: ID!
    name: String!
    nickname: String
    weightG: Int!
    owner: Owner!
    ${has('colourIn') ? 'colour: String' : ''}
    ${has('placeIn') ? 'place: String' : ''}
  }
  type Owner { name: String! }`;
    case 'quotes':
      return `${FEDERATION('"@key", "@external", "@requires"')}
  type Query { quotes: String! }
  type Parcel @key(fields: "id") {
    id: ID!
    weightG: Int! @external
    shippingCents: Int! @requires(fields: "weightG")
    ${has('colourIn') ? 'colour: String' : ''}
  }`;
    case 'beacon':
      return `${FEDERATION(`"@key"${directives ? ', "@composeDirective"' : ''}`)}${live}
  type Query { beacon: String! }
  type Subscription {
    watched(line: String!, after: String): Watch! ${resume}
    pinged(line: String!): Ping!
  }
  type Watch { cursor: String! seq: Int! parcel: Parcel }
  type Ping { seq: Int! parcel: Parcel }
  type Parcel @key(fields: "id", resolvable: false) { id: ID! }`;
    case 'lighthouse':
      return `${FEDERATION(`"@key"${directives ? ', "@composeDirective"' : ''}`)}${live}
  type Query { lighthouse: String! }
  type Subscription { lit(line: String!, after: String): Light! ${resume} }
  type Light { cursor: String! seq: Int! }`;
  }
}
