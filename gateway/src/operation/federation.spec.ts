import { askSupergraph, type PlainSubgraph } from '../testing/ask-supergraph.js';

/** Where Apollo's planner and executor alone give a wrong answer, or none. */
type Asked = Awaited<ReturnType<typeof askSupergraph>>;
const open: Asked[] = [];
const start = async (subgraphs: Record<string, PlainSubgraph>) => {
  const asked = await askSupergraph(subgraphs);
  open.push(asked);
  return asked;
};
afterEach(async () => {
  for (const asked of open.splice(0)) await asked.stop();
});

const parcels = [
  { code: 'p1', title: 'small', price: { USD: 11, EUR: 10 }, weight: 1, depot: { rate: 5 } },
  { code: 'p2', title: 'large', price: { USD: 22, EUR: 20 }, weight: 2, depot: { rate: 50 } },
];
type Price = Record<string, number>;
const SHOP: PlainSubgraph = {
  sdl: `type Query { parcels: [Parcel] } type Parcel @key(fields: "code") { code: ID! title: String price(currency: String!): Float weight: Int depot: Depot }
    type Depot { rate(currency: String!): Int }`,
  resolvers: {
    Query: { parcels: () => parcels.map((parcel) => ({ ...parcel })) },
    Parcel: {
      __resolveReference: ({ code }: { code: string }) => parcels.find((parcel) => parcel.code === code),
      price: ({ price }: { price: Price }, { currency }: { currency: string }) => price[currency],
    },
  },
};
const SHIPPING: PlainSubgraph = {
  sdl: `type Parcel @key(fields: "code") { code: ID! weight: Int @external price(currency: String!): Float @external depot: Depot @external
      usd: Float @requires(fields: "price(currency: \\"USD\\") weight") eur: Float @requires(fields: "price(currency: \\"EUR\\") weight")
      dear: Boolean @requires(fields: "depot { rate(currency: \\"USD\\") }") }
    type Depot @external { rate(currency: String!): Int }`,
  resolvers: {
    Parcel: {
      __resolveReference: (reference: object) => ({ ...reference }),
      usd: ({ price, weight }: { price: number; weight: number }) => price * weight,
      eur: ({ price, weight }: { price: number; weight: number }) => price * weight,
      dear: ({ depot }: { depot: { rate: number } }) => depot.rate > 10,
    },
  },
};

it('computes two fields that require the same field with different arguments', async () => {
  const { ask } = await start({ shop: SHOP, shipping: SHIPPING });
  expect(await ask('{ parcels { code usd eur dear } }')).toEqual({
    data: {
      parcels: [
        { code: 'p1', usd: 11, eur: 10, dear: false },
        { code: 'p2', usd: 44, eur: 40, dear: true },
      ],
    },
  });
  expect(await ask('{ parcels { ...F title } } fragment F on Parcel { eur ... { usd } }')).toEqual({
    data: {
      parcels: [
        { usd: 11, eur: 10, title: 'small' },
        { usd: 44, eur: 40, title: 'large' },
      ],
    },
  });
});

it.each([
  [
    'its own arguments',
    '{ parcels { price(currency: "EUR") usd } }',
    [
      { price: 10, usd: 11 },
      { price: 20, usd: 44 },
    ],
  ],
  [
    'a variable',
    'query($c: String! = "EUR") { parcels { p: price(currency: $c) price(currency: $c) usd } }',
    [
      { p: 10, price: 10, usd: 11 },
      { p: 20, price: 20, usd: 44 },
    ],
  ],
  [
    'the name of a required field for another',
    '{ parcels { weight: title usd } }',
    [
      { weight: 'small', usd: 11 },
      { weight: 'large', usd: 44 },
    ],
  ],
  [
    'the name of the key for another',
    '{ parcels { code: title usd } }',
    [
      { code: 'small', usd: 11 },
      { code: 'large', usd: 44 },
    ],
  ],
  [
    'that in a fragment',
    '{ parcels { ...F usd } } fragment F on Parcel { code: title weight: code }',
    [
      { code: 'small', weight: 'p1', usd: 11 },
      { code: 'large', weight: 'p2', usd: 44 },
    ],
  ],
])('keeps keys and requirements apart from a client that asks for %s', async (_what, query, expected) => {
  const { ask } = await start({ shop: SHOP, shipping: SHIPPING });
  expect(await ask(query)).toEqual({ data: { parcels: expected } });
});

it("gives errors the client's names", async () => {
  const faulty = {
    ...SHOP,
    resolvers: { ...SHOP.resolvers, Parcel: { ...(SHOP.resolvers.Parcel as object), title: () => Promise.reject(new Error('no title')) } },
  };
  const { ask } = await start({ shop: faulty, shipping: SHIPPING });
  const { errors } = await ask('{ parcels { code: title } }');
  expect(errors?.map(({ path }) => path)).toEqual([
    ['parcels', 0, 'code'],
    ['parcels', 1, 'code'],
  ]);
});

it('comes back to a subgraph by a key that it resolves', async () => {
  const beds: Record<string, { id: string; place: { ward: string; number: string; side: string }; label: string }> = {
    '1': { id: '1', place: { ward: 'w', number: '7', side: 'left' }, label: 'bed 7' },
  };
  const PLACE = 'type Place { ward: ID! number: ID! side: ID! }';
  const { ask } = await start({
    labels: {
      sdl: `type Bed @key(fields: "id") @key(fields: "place { ward number }", resolvable: false) @key(fields: "id place { number side }", resolvable: false) { id: ID! place: Place! @shareable label: String! }
        ${PLACE.replace('type Place', 'type Place @shareable')}`,
      resolvers: { Bed: { __resolveReference: ({ id }: { id: string }) => beds[id] } },
    },
    ward: {
      sdl: `type Query { beds: [Bed!]! } type Bed @key(fields: "place { ward number }", resolvable: false) @key(fields: "id place { number side }") @key(fields: "id", resolvable: false) { id: ID! place: Place! @shareable label: String! @external sign: String! @requires(fields: "label") }
        ${PLACE.replace('type Place', 'type Place @shareable')}`,
      resolvers: {
        Query: { beds: () => [{ ...beds['1'], label: undefined }] },
        Bed: {
          __resolveReference: ({ id, place, label }: { id?: string; place: { side?: string }; label?: string }) =>
            id && place.side ? { ...beds[id], label } : null,
          sign: ({ label }: { label: string }) => `This is ${label}`,
        },
      },
    },
  });
  expect(await ask('{ beds { id label sign } }')).toEqual({ data: { beds: [{ id: '1', label: 'bed 7', sign: 'This is bed 7' }] } });
});

it('refuses what no subgraph can resolve, instead of answering null', async () => {
  const { ask } = await start({
    a: {
      sdl: 'interface Node @key(fields: "id") { id: ID! } type Query { node: Node }',
      resolvers: { Query: { node: () => ({ __typename: 'Node', id: 'n1' }) } },
    },
    b: {
      sdl: 'type Node @key(fields: "id", resolvable: false) @interfaceObject { id: ID! field: String } type Query { other: Node }',
      resolvers: { Query: { other: () => ({ id: 'n1' }) }, Node: { field: () => 'foo' } },
    },
  });
  expect(await ask('{ other { id field } }')).toEqual({ data: { other: { id: 'n1', field: 'foo' } } });
  const refused = await ask('{ node { field } }');
  expect(refused.data).toBeUndefined();
  expect(refused.errors).toMatchObject([{ message: 'No subgraph can resolve "node" as it is selected here.' }]);
  expect(await ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  expect(await ask('{ node @skip(if: true) { field } }')).toEqual({ data: {} });
});
