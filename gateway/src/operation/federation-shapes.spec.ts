import { askSupergraph, type PlainSubgraph } from '../testing/ask-supergraph.js';

type Asked = Awaited<ReturnType<typeof askSupergraph>>;
/** Query → data; `true` behind it where errors have to come with it. */
type Expectation = [query: string, data: object | null, errors?: true];

/** One supergraph and what it has to answer; asked one after another. */
function answers(name: string, subgraphs: Record<string, PlainSubgraph>, expectations: readonly Expectation[]) {
  describe(name, () => {
    let asked: Asked;
    beforeAll(async () => (asked = await askSupergraph(subgraphs)));
    afterAll(() => asked.stop());
    it.each(expectations)('%s', async (...[query, data, errors]: Expectation) => {
      const result = await asked.ask(query);
      expect({ data: result.data ?? null, errors: result.errors ?? [] }).toEqual({ data, errors: errors ? expect.anything() : [] });
      expect(Boolean(result.errors?.length)).toBe(errors ?? false);
    });
  });
}

const find = <T extends { id: string }>(rows: readonly T[], id: string) => rows.find((row) => row.id === id) ?? null;

// Notes of a page are required with arguments of their own, by fields of the page and of the notes.
const notes = [1, 2, 3].map((n) => ({ id: `n${n}`, pageId: 'g1', writerId: 'w2', text: `text ${n}` }));
notes.push(...[4, 5, 6].map((n) => ({ id: `n${n}`, pageId: 'g2', writerId: 'w1', text: `text ${n}` })));
notes.push({ id: 'n7', pageId: 'g2', writerId: 'w1', text: 'text 3' });
const notesOf = (pageId: string, most: number) => notes.filter((note) => note.pageId === pageId).slice(0, most);
answers(
  'requirements with arguments, within lists and under each other',
  {
    reading: {
      sdl: `type Query { pages: [Page] } type Page @key(fields: "id") { id: ID! notes(most: Int!): [Note] @external }
        type Note @key(fields: "id") { id: ID! writerId: ID text: String! copies: [Page] @external copied: Boolean @requires(fields: "copies { notes(most: 50) { id } }") }`,
      resolvers: {
        Query: { pages: () => [{ id: 'g1' }, { id: 'g2' }] },
        Page: {
          __resolveReference: ({ id }: { id: string }) => ({ id }),
          // Said to be of elsewhere, and asked for here all the same: the planner takes what is required for known.
          notes: ({ id }: { id: string }, { most }: { most: number }) => notesOf(id, most),
        },
        Note: {
          __resolveReference: ({ id, copies }: { id: string; copies?: { notes: { id: string }[] }[] }) => {
            const complete = copies?.length ? copies.every((page) => page.notes.every((note) => note.id)) : false;
            return { ...find(notes, id), copied: complete };
          },
        },
      },
    },
    writing: {
      sdl: `type Page @key(fields: "id") { id: ID! writer: Writer @requires(fields: "notes(most: 3) { writerId }") notes(most: Int!): [Note] }
        type Note @key(fields: "id") { id: ID! writerId: ID @external copies: [Page] } type Writer { id: ID! }`,
      resolvers: {
        Page: {
          __resolveReference: ({ id, notes: given }: { id: string; notes?: { writerId: string }[] }) => {
            if (given && given.length !== 3) throw new Error(`${given.length} notes came`);
            return { id, writerId: given?.[2]!.writerId };
          },
          writer: ({ writerId }: { writerId?: string }) => (writerId ? { id: writerId } : null),
          notes: ({ id }: { id: string }, { most }: { most: number }) => notesOf(id, most).map((note) => ({ id: note.id })),
        },
        Note: {
          __resolveReference: ({ id }: { id: string }) => ({ id }),
          copies: ({ id }: { id: string }) => {
            const own = find(notes, id)!;
            return notes.filter(({ text, pageId }) => text === own.text && pageId !== own.pageId).map(({ pageId }) => ({ id: pageId }));
          },
        },
      },
    },
  },
  [
    ['{ pages { writer { id } } }', { pages: [{ writer: { id: 'w2' } }, { writer: { id: 'w1' } }] }],
    [
      '{ pages { writer { id } notes(most: 1) { id } } }',
      {
        pages: [
          { writer: { id: 'w2' }, notes: [{ id: 'n1' }] },
          { writer: { id: 'w1' }, notes: [{ id: 'n4' }] },
        ],
      },
    ],
    [
      '{ pages { notes(most: 3) { copied } } }',
      {
        pages: [
          { notes: [{ copied: false }, { copied: false }, { copied: true }] },
          { notes: [{ copied: false }, { copied: false }, { copied: false }] },
        ],
      },
    ],
    [
      'query ($most: Int = 1) { pages { writer { id } ...A ...B } } fragment A on Page { notes(most: $most) { id } } fragment B on Page { notes(most: $most) { id } }',
      {
        pages: [
          { writer: { id: 'w2' }, notes: [{ id: 'n1' }] },
          { writer: { id: 'w1' }, notes: [{ id: 'n4' }] },
        ],
      },
    ],
  ],
);

answers(
  'an interface object that another subgraph reaches, with a type that a third extends',
  {
    shelf: {
      sdl: `type Query { piece: Piece } interface Piece @key(fields: "id") { id: ID! title: String }
        type Film implements Piece @key(fields: "id") { id: ID! title: String minutes: Int } type Text implements Piece @key(fields: "id") { id: ID! title: String words: Int }`,
      resolvers: {
        Query: { piece: () => ({ id: '1', title: 'title 1', minutes: 100 }) },
        Piece: { __resolveType: () => 'Film' },
        Film: { __resolveReference: ({ id }: { id: string }) => ({ id, title: `title ${id}`, minutes: 100 }) },
        Text: { __resolveReference: ({ id }: { id: string }) => ({ id, title: `title ${id}`, words: 900 }) },
      },
    },
    people: {
      sdl: 'type Query { person: Person } type Person @key(fields: "id") { id: ID! name: String } extend type Film @key(fields: "id") { id: ID! director: String }',
      resolvers: { Query: { person: () => ({ id: '1', name: 'name 1' }) }, Film: { director: () => 'Ada' } },
    },
    lists: {
      sdl: 'type Query { list: List } type List @key(fields: "id") { id: ID! piece: Piece } type Piece @key(fields: "id") @interfaceObject { id: ID! }',
      resolvers: { Query: { list: () => ({ id: '1', piece: { id: '1' } }) }, Piece: { __resolveReference: (piece: object) => piece } },
    },
  },
  [
    [
      '{ piece { id title ... on Film { minutes director } ... on Text { words } } person { id name } list { id piece { id ... on Film { minutes } } } }',
      {
        piece: { id: '1', title: 'title 1', minutes: 100, director: 'Ada' },
        person: { id: '1', name: 'name 1' },
        list: { id: '1', piece: { id: '1', minutes: 100 } },
      },
    ],
    ['{ list { piece { __typename kind: __typename } } }', { list: { piece: { __typename: 'Film', kind: 'Film' } } }],
    ['{ list { piece { id ... on Text { words } } } }', { list: { piece: { id: '1' } } }],
  ],
);

const books = ['1', '2', '3'].map((id) => ({ id, code: `b${id}`, writer: { name: `writer ${id}` } }));
answers(
  'entities that the subgraph in between does not know',
  {
    boxes: {
      sdl: 'type Query { boxes: [Box] } type Box { book: Book } type Book @key(fields: "code") { code: ID! }',
      resolvers: { Query: { boxes: () => books.map(({ code }) => ({ book: { code } })) } },
    },
    codes: {
      sdl: 'type Book @key(fields: "id") @key(fields: "code") { id: ID! code: ID! }',
      resolvers: {
        Book: { __resolveReference: ({ code }: { code?: string }) => (code === 'b3' ? null : books.find((book) => book.code === code)) },
      },
    },
    writers: {
      sdl: 'type Book @key(fields: "id") { id: ID! writer: Writer } type Writer { name: String }',
      resolvers: {
        Book: {
          __resolveReference: ({ id }: { id?: string | null }) => {
            if (!id) throw new Error('asked for nothing');
            return find(books, id);
          },
        },
      },
    },
  },
  [
    [
      '{ boxes { book { code writer { name } } } }',
      {
        boxes: [
          { book: { code: 'b1', writer: { name: 'writer 1' } } },
          { book: { code: 'b2', writer: { name: 'writer 2' } } },
          { book: { code: 'b3', writer: null } },
        ],
      },
    ],
  ],
);

answers(
  'requirements in a circle',
  {
    a: {
      sdl: 'type Query { jobs: [Job] } type Job @key(fields: "id") { id: ID! easy: Boolean! @external hard: Boolean! @requires(fields: "easy") } type Worker @key(fields: "id") { id: ID! years: Int! }',
      resolvers: {
        Query: { jobs: () => [{ id: 'j1' }, { id: 'j2' }] },
        Job: {
          __resolveReference: (reference: object) => ({ ...reference }),
          hard: ({ easy }: { easy?: boolean }) => (easy === undefined ? null : !easy),
        },
        Worker: { __resolveReference: ({ id }: { id: string }) => ({ id, years: id === 'w1' ? 1 : 20 }) },
      },
    },
    b: {
      sdl: 'type Job @key(fields: "id") { id: ID! worker: Worker! easy: Boolean! @requires(fields: "worker { years }") } type Worker @key(fields: "id") { id: ID! years: Int! @external }',
      resolvers: {
        Job: {
          __resolveReference: ({ id, ...rest }: { id: string }) => ({ worker: { id: id === 'j1' ? 'w1' : 'w2' }, ...rest, id }),
          easy: ({ worker }: { worker: { years?: number } }) => (worker.years === undefined ? null : worker.years < 5),
        },
      },
    },
  },
  [
    ['{ jobs { easy } }', { jobs: [{ easy: true }, { easy: false }] }],
    ['{ jobs { hard } }', { jobs: [{ hard: false }, { hard: true }] }],
    [
      '{ jobs { hard easy id } }',
      {
        jobs: [
          { hard: false, easy: true, id: 'j1' },
          { hard: true, easy: false, id: 'j2' },
        ],
      },
    ],
  ],
);

// Where both share a field, it can only be of a type that both know: the planner asks for no other.
const [common, onlyLeft, onlyRight] = [
  { __typename: 'Common', label: 'common' },
  { __typename: 'Left', l: 'left' },
  { __typename: 'Right', r: 'right' },
];
const hand = (own: string, others: object[], sdlMore: string) => ({
  sdl: `type Query { ${own.toLowerCase()}Root: Bag both: Bag @shareable } type Bag @key(fields: "id") { id: ID! content: Content @shareable ${sdlMore} }
    type Content @shareable { parts: [Part!]! } union Part = Common | ${own} type Common @shareable { label: String } type ${own} { ${own[0]!.toLowerCase()}: String }`,
  resolvers: {
    Query: { [`${own.toLowerCase()}Root`]: () => ({ id: 'bag', parts: others }), both: () => ({ id: 'bag', parts: [common] }) },
    Bag: {
      __resolveReference: ({ id }: { id: string }) => ({ id }),
      content: ({ parts }: { parts?: object[] }) => ({ parts: parts ?? others }),
      ...(sdlMore && { rightContent: () => ({ parts: others }) }),
    },
  },
});
const PARTS = '{ parts { __typename ... on Common { label } ... on Left { l } ... on Right { r } } }';
answers(
  'a union of which each subgraph knows a part',
  { left: hand('Left', [common, onlyLeft], ''), right: hand('Right', [common, onlyRight], 'rightContent: Content') },
  [
    [
      '{ leftRoot { content { parts { __typename ... on Right { r } } } } }',
      { leftRoot: { content: { parts: [{ __typename: 'Common' }, { __typename: 'Left' }] } } },
    ],
    [`{ both { content ${PARTS} } }`, { both: { content: { parts: [common] } } }],
    [`{ leftRoot { rightContent ${PARTS} } }`, { leftRoot: { rightContent: { parts: [common, onlyRight] } } }],
    ['{ leftRoot { content { parts { ... on Right { r } } } } }', { leftRoot: { content: { parts: [{}, {}] } } }],
  ],
);

const machines = [
  { __typename: 'Kiln', id: 'k1' },
  { __typename: 'Press', id: 'p1', years: 3 },
];
answers(
  'an interface that a type implements in another subgraph only',
  {
    a: {
      sdl: `type Query { machines: [Machine] node(id: ID!): Node nodes: [Node] } union Machine = Kiln | Press interface Node { id: ID! } interface Insured { years: Int }
        type Kiln @key(fields: "id") { id: ID! } type Press implements Node & Insured @key(fields: "id") { id: ID! years: Int }`,
      resolvers: {
        Query: {
          machines: () => machines,
          node: (_: unknown, { id }: { id: string }) => find(machines, id),
          nodes: () => machines.filter(({ __typename }) => __typename === 'Press'),
        },
        Kiln: { __resolveReference: ({ id }: { id: string }) => find(machines, id) },
        Press: { __resolveReference: ({ id }: { id: string }) => find(machines, id) },
      },
    },
    b: {
      sdl: 'interface Node { id: ID! } interface Insured { years: Int } type Kiln implements Node & Insured @key(fields: "id") { id: ID! years: Int }',
      resolvers: { Kiln: { __resolveReference: ({ id }: { id: string }) => ({ id, years: 1 }) } },
    },
  },
  [
    ['{ machines { ... on Node { id } } }', { machines: [{ id: 'k1' }, { id: 'p1' }] }],
    ['{ machines { ... on Insured { years } } }', { machines: [{ years: 1 }, { years: 3 }] }],
    ['{ nodes { ... on Press { years } ... on Kiln { id } } }', { nodes: [{ years: 3 }] }],
    ['{ nodes { ... on Node { id ... on Node { id ... on Insured { years } } } } }', { nodes: [{ id: 'p1', years: 3 }] }],
    ['{ node(id: "k1") { ... on Kiln { years } } }', { node: null }, true],
    ['{ node(id: "k1") { ... on Press { years } } }', { node: null }, true],
    ['{ node(id: "p1") { ... on Press { years } } }', { node: { years: 3 } }],
  ],
);

answers(
  'an interface whose key one subgraph has and the other cannot resolve',
  {
    a: {
      sdl: `type Query { node(id: ID!): Node @shareable person(id: ID!): Person } interface Node { id: ID! } type Person implements Node @key(fields: "id") { id: ID! name: String! }
        type Room implements Node @key(fields: "id") { id: ID! @external person: Person! }`,
      resolvers: {
        Query: {
          node: (_: unknown, { id }: { id: string }) =>
            id === 'p1' ? { __typename: 'Person', id, name: 'P' } : { __typename: 'Room', id: 'never' },
          person: (_: unknown, { id }: { id: string }) => ({ id, name: 'P' }),
        },
        Room: { __resolveReference: ({ id }: { id: string }) => ({ id }), person: () => ({ id: 'p1', name: 'P' }) },
        Person: { __resolveReference: ({ id }: { id: string }) => ({ id, name: 'P' }) },
      },
    },
    b: {
      sdl: `type Query { node(id: ID!): Node @shareable room(id: ID!): Room } interface Node { id: ID! } type Person implements Node @key(fields: "id") { id: ID! @external rooms: [Room!]! }
        type Room implements Node @key(fields: "id") { id: ID! text: String! }`,
      resolvers: {
        Query: {
          node: (_: unknown, { id }: { id: string }) =>
            id === 'r1' ? { __typename: 'Room', id, text: 'T' } : { __typename: 'Person', id: 'never' },
          room: (_: unknown, { id }: { id: string }) => ({ id, text: 'T' }),
        },
        Person: { __resolveReference: ({ id }: { id: string }) => ({ id }), rooms: () => [{ id: 'r1', text: 'T' }] },
        Room: { __resolveReference: ({ id }: { id: string }) => ({ id, text: 'T' }) },
      },
    },
  },
  [
    ['{ node(id: "p1") { id } }', null, true],
    [
      '{ person: node(id: "p1") { __typename } room: node(id: "r1") { __typename } }',
      { person: { __typename: 'Person' }, room: { __typename: 'Room' } },
    ],
    [
      '{ person: node(id: "p1") { ... on Person { id name } } room: node(id: "r1") { ... on Room { id text } } }',
      { person: { id: 'p1', name: 'P' }, room: { id: 'r1', text: 'T' } },
    ],
    ['{ person: node(id: "p1") { ... on Room { id } } room: node(id: "r1") { ... on Person { id } } }', { person: {}, room: {} }],
    [
      '{ person: node(id: "p1") { __typename ... on Room { id } } room: node(id: "r1") { __typename ... on Person { id } } }',
      { person: { __typename: 'Person' }, room: { __typename: 'Room' } },
    ],
    ['{ person: node(id: "p1") { id ... on Room { id } } room: node(id: "r1") { __typename ... on Person { id } } }', null, true],
    ['{ room(id: "r1") { id text person { id } } }', { room: { id: 'r1', text: 'T', person: { id: 'p1' } } }],
    ['{ person(id: "p1") { id name rooms { id } } }', { person: { id: 'p1', name: 'P', rooms: [{ id: 'r1' }] } }],
  ],
);

answers(
  'an enum of which clients see less than one subgraph sends',
  {
    a: {
      sdl: 'type Query { aPeople: [Person] byKind(kind: Kind!): [Person] } type Person @key(fields: "id") { id: ID! kind: Kind @shareable } enum Kind { USUAL HIDDEN @inaccessible }',
      resolvers: {
        Query: {
          aPeople: () => [
            { id: '1', kind: 'USUAL' },
            { id: '2', kind: 'HIDDEN' },
          ],
          byKind: () => [{ id: '1', kind: 'USUAL' }],
        },
      },
    },
    b: {
      sdl: 'type Query { bPeople: [Person] } type Person @key(fields: "id") { id: ID! kind: Kind @shareable } enum Kind { USUAL HIDDEN }',
      resolvers: {
        Query: {
          bPeople: () => [
            { id: '1', kind: 'USUAL' },
            { id: '2', kind: null },
          ],
        },
      },
    },
  },
  [
    ['{ aPeople { id } }', { aPeople: [{ id: '1' }, { id: '2' }] }],
    [
      '{ aPeople { id kind } }',
      {
        aPeople: [
          { id: '1', kind: 'USUAL' },
          { id: '2', kind: null },
        ],
      },
      true,
    ],
    [
      '{ bPeople { id kind } }',
      {
        bPeople: [
          { id: '1', kind: 'USUAL' },
          { id: '2', kind: null },
        ],
      },
    ],
    ['{ byKind(kind: USUAL) { id kind } }', { byKind: [{ id: '1', kind: 'USUAL' }] }],
    ['{ byKind(kind: HIDDEN) { id } }', null, true],
  ],
);

const provided = ['1', '2'].map((id) => ({ id, name: `name ${id}`, text: `text ${id}`, more: `more ${id}` }));
const overFetched = () => Promise.reject(new Error('Nobody has asked for it here.'));
answers(
  'provided fields, of which no more is fetched than was asked for',
  {
    owner: {
      sdl: 'type Query { owner: Boolean } type Item @key(fields: "id") { id: ID! name: String! @shareable text: String! @shareable more: String! }',
      resolvers: { Item: { __resolveReference: ({ id }: { id: string }) => find(provided, id), name: overFetched, text: overFetched } },
    },
    provider: {
      sdl: 'type Query { item: Item @provides(fields: "name text") items: [Item!]! @provides(fields: "name text") } type Item @key(fields: "id") { id: ID! name: String! @external text: String! @external }',
      resolvers: { Query: { item: () => provided[0], items: () => provided }, Item: { text: overFetched } },
    },
  },
  [
    ['{ item { id name more } }', { item: { id: '1', name: 'name 1', more: 'more 1' } }],
    ['{ item { id shown: name } }', { item: { id: '1', shown: 'name 1' } }],
    ['{ item { id ...N } } fragment N on Item { name }', { item: { id: '1', name: 'name 1' } }],
    ['{ item { id ... { name } ... { more } } }', { item: { id: '1', name: 'name 1', more: 'more 1' } }],
    ['{ item { id ... on Item @skip(if: true) { text } } }', { item: { id: '1' } }],
    ['query ($no: Boolean = false) { item { id ... on Item @include(if: $no) { text } } }', { item: { id: '1' } }],
    [
      '{ items { name more } }',
      {
        items: [
          { name: 'name 1', more: 'more 1' },
          { name: 'name 2', more: 'more 2' },
        ],
      },
    ],
  ],
);

const done: string[] = [];
answers(
  'mutations of several subgraphs',
  {
    a: {
      sdl: 'type Query { a: Int } type Mutation { add(n: Int!): Int! } type Thing @key(fields: "id") { id: ID! dear: Boolean @requires(fields: "price") price: Float @external }',
      resolvers: {
        Mutation: { add: (_: unknown, { n }: { n: number }) => (done.push(`add ${n}`), n) },
        Thing: { __resolveReference: (thing: object) => ({ ...thing }), dear: ({ price }: { price: number }) => price > 100 },
      },
    },
    b: {
      sdl: 'type Query { b: Int } type Mutation { times(n: Int!): Int! create(name: String!): Thing! done: [String!]! } type Thing @key(fields: "id") { id: ID! name: String price: Float }',
      resolvers: {
        Mutation: {
          times: (_: unknown, { n }: { n: number }) => (done.push(`times ${n}`), n),
          create: (_: unknown, { name }: { name: string }) => ({ id: '1', name, price: 500 }),
          done: () => done,
        },
        Thing: { __resolveReference: ({ id }: { id: string }) => ({ id, price: 500 }) },
      },
    },
  },
  [
    ['mutation { five: add(n: 5) ten: times(n: 2) two: add(n: 2) done }', { five: 5, ten: 2, two: 2, done: ['add 5', 'times 2', 'add 2'] }],
    ['mutation { create(name: "new") { name dear } }', { create: { name: 'new', dear: true } }],
  ],
);
