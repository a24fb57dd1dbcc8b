import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import { parse } from 'graphql';

/** Four subgraphs with the shape of Pulsegraph's, over made-up data in memory: what is measured is the gateway. */
const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';

const SDL = {
  devices: `${LINK}
    type Query { device(id: ID!): Device devices(first: Int = 50, after: String): DeviceConnection! }
    type DeviceConnection { nodes: [Device!]! pageInfo: PageInfo! totalCount: Int! }
    type PageInfo @shareable { hasNextPage: Boolean! endCursor: String }
    type Device @key(fields: "id") {
      id: ID! key: String! name: String! profile: DeviceProfile! labels: [Label!]!
      connectivity: Connectivity! lastSeenAt: String firmwareVersion: String
    }
    type DeviceProfile @key(fields: "id") { id: ID! key: String! name: String! }
    type Label { key: String! value: String! }
    enum Connectivity { ONLINE OFFLINE NEVER_SEEN }
  `,
  telemetry: `${LINK}
    type Query { acceptedTotal: Int! }
    type Device @key(fields: "id") { id: ID! latest(metrics: [String!]): [Reading!]! }
    type Reading { deviceId: ID! metric: String! value: Float unit: String! recordedAt: String! quality: ReadingQuality! }
    enum ReadingQuality { GOOD LATE SUSPECT }
  `,
  alerts: `${LINK}
    type Query { alert(id: ID!): Alert }
    type Device @key(fields: "id") { id: ID! alerts(first: Int = 20): AlertConnection! openSeverity: Severity }
    type AlertConnection { nodes: [Alert!]! pageInfo: PageInfo! totalCount: Int! }
    type PageInfo @shareable { hasNextPage: Boolean! endCursor: String }
    type Alert @key(fields: "id") {
      id: ID! deviceId: ID! severity: Severity! status: AlertStatus! metric: String value: Float threshold: Float
      message: String! raisedAt: String! acknowledgedBy: User
    }
    type User @key(fields: "id", resolvable: false) { id: ID! }
    enum Severity { CRITICAL HIGH MEDIUM LOW }
    enum AlertStatus { TRIGGERED ACKNOWLEDGED ESCALATED RESOLVED }
  `,
  users: `${LINK}
    type Query { user(id: ID!): User }
    type User @key(fields: "id") { id: ID! displayName: String! email: String! role: Role! }
    enum Role { ADMIN ENGINEER OPERATOR CLINICIAN VIEWER }
  `,
};

export type SubgraphName = keyof typeof SDL;
export const SUBGRAPH_NAMES = Object.keys(SDL) as SubgraphName[];

export const DEVICES = 5_000;
const AT = '2026-11-20T12:00:00.000Z';
const METRICS = ['temperature', 'pressure', 'vibration'];
const UNITS = ['Cel', 'bar', 'mm/s'];
const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM'];

export const deviceId = (index: number) => `d${index % DEVICES}`;
const indexOf = (id: string) => Number(id.slice(1));

const devices = Array.from({ length: DEVICES }, (_, index) => ({
  id: deviceId(index),
  key: `press-${index}`,
  name: `Press ${index}`,
  profile: { id: `p${index % 10}`, key: `profile-${index % 10}`, name: `Profile ${index % 10}` },
  labels: [
    { key: 'site', value: `Site ${index % 7}` },
    { key: 'line', value: `Line ${index % 13}` },
  ],
  connectivity: index % 9 === 0 ? 'OFFLINE' : 'ONLINE',
  lastSeenAt: AT,
  firmwareVersion: `1.${index % 5}.0`,
}));

const latestOf = (id: string) =>
  METRICS.map((metric, which) => ({
    deviceId: id,
    metric,
    value: 20 + ((indexOf(id) + which) % 600) / 10,
    unit: UNITS[which]!,
    recordedAt: AT,
    quality: 'GOOD',
  }));

const alertsOf = (id: string) =>
  SEVERITIES.map((severity, which) => ({
    id: `${id}-a${which}`,
    deviceId: id,
    severity,
    status: which === 0 ? 'TRIGGERED' : 'ACKNOWLEDGED',
    metric: METRICS[which]!,
    value: 90 + which,
    threshold: 80,
    message: `${METRICS[which]!} above 80`,
    raisedAt: AT,
    acknowledgedBy: which === 0 ? null : { id: `u${(indexOf(id) + which) % 20}` },
  }));

interface Reference {
  id: string;
}

const reference = { __resolveReference: ({ id }: Reference) => ({ id }) };
const page = (nodes: unknown[], totalCount: number) => ({ nodes, pageInfo: { hasNextPage: true, endCursor: 'c' }, totalCount });

const RESOLVERS: Record<SubgraphName, Record<string, unknown>> = {
  devices: {
    Query: {
      device: (_: unknown, { id }: Reference) => devices[indexOf(id)] ?? null,
      devices: (_: unknown, { first, after }: { first: number; after?: string }) => {
        const from = after ? indexOf(after) : 0;
        return page(
          Array.from({ length: first }, (__, index) => devices[(from + index) % DEVICES]!),
          DEVICES,
        );
      },
    },
    Device: { __resolveReference: ({ id }: Reference) => ({ ...devices[indexOf(id)]! }) },
  },
  telemetry: { Query: { acceptedTotal: () => 1 }, Device: { ...reference, latest: ({ id }: Reference) => latestOf(id) } },
  alerts: {
    Query: { alert: () => null },
    Device: {
      ...reference,
      alerts: ({ id }: Reference, { first }: { first: number }) => page(alertsOf(id).slice(0, first), 3),
      openSeverity: () => 'CRITICAL',
    },
  },
  users: {
    Query: { user: (_: unknown, { id }: Reference) => userOf(id) },
    User: { __resolveReference: ({ id }: Reference) => userOf(id) },
  },
};

const userOf = (id: string) => ({ id, displayName: `User ${indexOf(id)}`, email: `${id}@demo.test`, role: 'OPERATOR' });

export function createSubgraphs(): Subgraph[] {
  return SUBGRAPH_NAMES.map((name) => ({
    name,
    schema: buildSubgraphSchema([{ typeDefs: parse(SDL[name]), resolvers: RESOLVERS[name] as never }]),
    createContext: ({ requestId }) => ({ viewer: null, requestId }),
    checks: [],
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }));
}

export function composeSupergraph(urls: Readonly<Record<string, string>>): string {
  const services = SUBGRAPH_NAMES.map((name) => ({ name, url: urls[name]!, typeDefs: parse(SDL[name]) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(errors!.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}
