const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@tag", "@override"])';

/** Four subgraphs, as small as they can be and still cross each other. */
export const SMALL_GRAPH = {
  devices: `${LINK}
"A unit that reports."
type Device @key(fields: "id") {
  id: ID!
  name: String!
  "As printed on the plate."
  serialNumber: String @tag(name: "internal")
  "Where it stands."
  place: String
}
type Query {
  "One device."
  device(id: ID!): Device
  "All of them."
  devices(first: Int = 20): [Device!]!
}
`,
  telemetry: `${LINK}
type Device @key(fields: "id") {
  id: ID!
  "Newest values."
  latest: [Reading!]!
}
"One value."
type Reading {
  "In the unit."
  value: Float!
  "UCUM code."
  unit: String
  "The kind of value."
  quality: Quality
}
"How good a value is."
enum Quality { GOOD BAD }
type Query {
  "Values of one metric."
  readings(metric: String!): [Reading!]!
}
type Subscription {
  "Values as they come."
  readingAdded(filter: ReadingFilter): Arrival!
}
"One value, and whose."
type Arrival {
  "What was measured."
  reading: Reading!
  device: Device
}
"Which values."
input ReadingFilter {
  metric: String
  minimum: Float
}
`,
  alerts: `${LINK}
type Device @key(fields: "id") {
  id: ID!
  "Open ones."
  alerts: [Alert!]!
}
"Something is wrong."
type Alert @key(fields: "id") {
  id: ID!
  "For people."
  message: String!
  "From 1 to 5."
  severity: Int!
}
type Query {
  "One alert."
  alert(id: ID!): Alert
}
type Mutation {
  "Somebody has seen it."
  acknowledge(id: ID!, note: String): Alert
}
`,
  users: `${LINK}
"A person."
type User @key(fields: "id") {
  id: ID!
  name: String!
  "Where mails go."
  email: String @tag(name: "internal")
}
type Query {
  "Who asks."
  me: User
}
`,
} as const;

export type SmallSubgraph = keyof typeof SMALL_GRAPH;
export const SMALL_SUBGRAPHS = Object.keys(SMALL_GRAPH) as SmallSubgraph[];
export const urlOfSmall = (subgraph: string) => `http://127.0.0.1:1/${subgraph}/graphql`;
