import { buildSubgraphSchema } from '@apollo/subgraph';
import { composeServices } from '@apollo/composition';
import type { Viewer } from '@pulsegraph/contracts';
import { DomainError, errors } from '@pulsegraph/kit/errors';
import type { Subgraph, SubgraphContext, SubgraphRequest } from '@pulsegraph/kit/subgraph';
import { createViewerVerifier, requirePermission } from '@pulsegraph/kit/viewer';
import { parse } from 'graphql';
import { Topic } from './topic.js';

export const VIEWER_KEY = 'a-viewer-key-of-at-least-32-characters';
export const INTERNAL_TOKEN = 'an-internal-token-of-32-characters-';

const LINK = `
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@external", "@requires", "@cost", "@listSize", "@composeDirective"])
    @link(url: "https://pulsegraph.dev/live/v1.0", import: ["@delivery", "@resume", "@personal", "@cached"])
    @composeDirective(name: "@delivery") @composeDirective(name: "@resume") @composeDirective(name: "@personal") @composeDirective(name: "@cached")
  directive @delivery(policy: DeliveryPolicy!, key: String, bound: Int) on FIELD_DEFINITION
  enum DeliveryPolicy { KEEP_ALL LATEST_BY_KEY }
  directive @resume(argument: String!, cursor: String!) on FIELD_DEFINITION
  directive @personal on FIELD_DEFINITION
  directive @cached(forSeconds: Int!) on FIELD_DEFINITION
`;

const DEVICES = `${LINK}
  type Query {
    device(id: ID!): Device
    devices(first: Int = 10): [Device!]! @listSize(slicingArguments: ["first"], sizedFields: [])
    broken: String
    brokenPromise: Promised
    slow: String
    expensive: String @cost(weight: 1000)
    report(of: String = "all"): Report @cached(forSeconds: 60)
    failingReport: Report @cached(forSeconds: 60)
    echo(input: EchoInput!): String!
    whoAmI: String!
  }
  type Mutation { rename(id: ID!, name: String!): Device! }
  input EchoInput { text: String! times: Int = 1 }
  type Report { text: String! number: Int! }
  type Promised { a: String! }
  type Device @key(fields: "id") { id: ID! name: String! serial: String asset: Asset }
  type Asset @key(fields: "id") { id: ID! name: String! }
`;

const TELEMETRY = `${LINK}
  type Query { latest: [Reading!]! counted: Int! }
  type Subscription {
    readings(deviceIds: [ID!], after: Cursor): ReadingsEvent! @delivery(policy: LATEST_BY_KEY, key: "readings.deviceId readings.metric") @resume(argument: "after", cursor: "cursor")
    changes(after: Cursor): Change! @delivery(policy: KEEP_ALL, bound: 50) @resume(argument: "after", cursor: "cursor")
    status: Status! @delivery(policy: LATEST_BY_KEY)
    plain: Int!
    mine: Mine!
    refused(code: String!): Int!
    breaks: Int!
  }
  scalar Cursor
  type ReadingsEvent { cursor: Cursor! readings: [Reading!]! }
  type Reading { device: Device deviceId: ID! metric: String! value: Float! label: String }
  type Change { cursor: Cursor! n: Int! device: Device }
  type Status { rate: Int! }
  type Mine { who: String! @personal }
  type Device @key(fields: "id") { id: ID! serial: String @external latest: [Reading!]! tag: String @requires(fields: "serial") }
`;

const USERS = `${LINK}
  type Query { viewer: Viewer }
  type Mutation {
    signIn(email: String!, password: String!, otp: String): Session!
    refreshSession(refreshToken: String!): Session!
    signOut(everywhere: Boolean = false): Boolean!
  }
  type Viewer { role: String! permissions: [String!]! user: User organization: Organization! }
  type User @key(fields: "id") { id: ID! email: String! displayName: String! }
  type Organization { id: ID! key: String! name: String! timeZone: String! }
  type Session { accessToken: String! accessTokenExpiresAt: String! refreshToken: String! viewer: Viewer! }
`;

export interface ReadingRow {
  deviceId: string;
  metric: string;
  value: number;
}

/** What the test can see and steer behind the subgraphs. */
export class World {
  readonly readings = new Topic<{ readings: ReadingRow[] }>();
  readonly changes = new Topic<{ n: number; deviceId: string | null }>();
  readonly status = new Topic<{ rate: number }>();
  readonly plain = new Topic<{ plain: number }>();
  readonly mine = new Topic<object>();
  readonly devices = new Map(
    Array.from({ length: 60 }, (_, n) => [`d${n + 1}`, { id: `d${n + 1}`, name: `Device ${n + 1}`, serial: `S${n + 1}` }]),
  );
  /** Entity fetches of devices, by how many were asked for at once. */
  readonly deviceBatches: number[] = [];
  /** What arrived with the last operations at each subgraph. */
  readonly requests: SubgraphRequest[] = [];
  readonly viewers: (Viewer | null)[] = [];
  releaseSlow: () => void = () => undefined;
  issueSession: (() => Promise<{ accessToken: string; accessTokenExpiresAt: string }>) | undefined;
  readonly refreshTokens = new Set<string>();
  sessionsIssued = 0;
  reports = 0;
  signedOut: { everywhere: boolean; viewer: Viewer | null }[] = [];

  event(deviceId: string, value: number, metric = 'temperature') {
    return this.readings.publish({ readings: [{ deviceId, metric, value }] });
  }
}

interface Context extends SubgraphContext {
  request: SubgraphRequest;
}

export interface TestSubgraph extends Subgraph {
  readonly sdl: string;
}

function subgraph(world: World, name: string, sdl: string, resolvers: Record<string, unknown>): TestSubgraph {
  const verify = createViewerVerifier([VIEWER_KEY]);
  return {
    name,
    sdl,
    schema: buildSubgraphSchema([{ typeDefs: parse(sdl), resolvers: resolvers as never }]),
    createContext: (request): Context => {
      const viewer = verify(request.viewerHeader);
      world.requests.push(request);
      world.viewers.push(viewer);
      return { viewer, requestId: request.requestId, request };
    },
    checks: [],
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  };
}

/** Field resolver of a subscription over a topic: the payload is the event itself. */
const live = <T extends object>(
  topic: Topic<T>,
  shape: (event: T & { cursor: string }, context: Context) => unknown = (event) => event,
) => ({
  subscribe: (_root: unknown, args: { after?: string | null }, context: Context) => {
    requirePermission(context.viewer, 'graph:read');
    return topic.subscribe(args.after ?? null);
  },
  resolve: (event: T & { cursor: string }, _args: unknown, context: Context) => shape(event, context),
});

export function testSubgraphs(world: World): TestSubgraph[] {
  const read = (context: Context) => requirePermission(context.viewer, 'graph:read');
  const devices = subgraph(world, 'devices', DEVICES, {
    Query: {
      device: (_: unknown, { id }: { id: string }, context: Context) => {
        read(context);
        const device = world.devices.get(id);
        if (!device) throw errors.notFound('device');
        return device;
      },
      devices: (_: unknown, { first }: { first: number }, context: Context) => {
        read(context);
        return [...world.devices.values()].slice(0, first);
      },
      broken: () => {
        throw new Error('connection to 10.0.0.7 refused, password hunter2');
      },
      brokenPromise: () => ({ a: 'kept' }),
      slow: () => new Promise<string>((resolve) => (world.releaseSlow = () => resolve('at last'))),
      expensive: () => 'x',
      report: (_: unknown, { of }: { of: string }, context: Context) => ({
        text: `${of} for ${read(context).role}`,
        number: (world.reports += 1),
      }),
      failingReport: () => {
        world.reports += 1;
        throw errors.notFound('report');
      },
      echo: (_: unknown, { input }: { input: { text: string; times: number } }) => input.text.repeat(input.times),
      whoAmI: (_: unknown, __: unknown, context: Context) => `${read(context).role} ${context.viewer?.subject?.name ?? 'nobody'}`,
    },
    Mutation: {
      rename: (_: unknown, { id, name }: { id: string; name: string }, context: Context) => {
        requirePermission(context.viewer, 'devices:write');
        if (name.length > 40) throw errors.badUserInput('name', 'is longer than 40 characters');
        const device = { ...world.devices.get(id)!, name };
        world.devices.set(id, device);
        return device;
      },
    },
    Device: {
      __resolveReference: ({ id }: { id: string }) => {
        world.deviceBatches.push(1);
        return world.devices.get(id) ? { ...world.devices.get(id) } : null;
      },
      asset: ({ id }: { id: string }) => (id === 'd1' ? { id: 'a1', name: 'Line 1' } : null),
    },
  });
  const telemetry = subgraph(world, 'telemetry', TELEMETRY, {
    Query: { latest: () => [{ deviceId: 'd1', metric: 'temperature', value: 1 }], counted: () => 7 },
    Subscription: {
      readings: live(world.readings),
      changes: live(world.changes, (event) => ({
        ...event,
        device: event.deviceId === null ? null : { __typename: 'Device', id: event.deviceId },
      })),
      status: live(world.status),
      plain: live(world.plain, ({ plain }) => plain),
      mine: live(world.mine, (_event, { viewer }) => ({ who: viewer?.subject?.name ?? 'nobody' })),
      refused: {
        subscribe: (_: unknown, { code }: { code: string }) => {
          throw new DomainError(code as 'FORBIDDEN', `You get ${code}.`, { path: 'code' });
        },
      },
      breaks: {
        subscribe: async function* () {
          yield { breaks: 1 };
          await Promise.resolve();
          throw new DomainError('CURSOR_EXPIRED', 'Too old.');
        },
      },
    },
    Reading: {
      device: ({ deviceId }: ReadingRow) => ({ __typename: 'Device', id: deviceId }),
      label: ({ metric }: ReadingRow) => {
        if (metric === 'faulty') throw errors.forbidden();
        return `label of ${metric}`;
      },
    },
    Device: {
      __resolveReference: (reference: { id: string }) => reference,
      latest: ({ id }: { id: string }) => [{ deviceId: id, metric: 'temperature', value: 20 }],
      tag: ({ serial }: { serial: string }) => `tag of ${serial}`,
    },
  });
  const session = async () => {
    const refreshToken = `refresh-${(world.sessionsIssued += 1)}`;
    world.refreshTokens.add(refreshToken);
    return { ...(await world.issueSession!()), refreshToken, viewer: aSessionViewer };
  };
  const users = subgraph(world, 'users', USERS, {
    Query: { viewer: (_: unknown, __: unknown, { viewer }: Context) => viewer && { ...aSessionViewer, role: viewer.role } },
    Mutation: {
      signIn: (_: unknown, { password }: { password: string }) => {
        if (password !== 'right') throw new DomainError('INVALID_CREDENTIALS', 'E-mail or password is wrong.');
        return session();
      },
      refreshSession: (_: unknown, { refreshToken }: { refreshToken: string }) => {
        if (!world.refreshTokens.delete(refreshToken)) throw new DomainError('SESSION_EXPIRED', 'Sign in again.');
        return session();
      },
      signOut: (_: unknown, { everywhere }: { everywhere: boolean }, { viewer }: Context) => {
        world.signedOut.push({ everywhere, viewer });
        return true;
      },
    },
  });
  return [devices, telemetry, users];
}

const aSessionViewer = {
  role: 'OPERATOR',
  permissions: ['graph:read'],
  user: { id: 'u1', email: 'operator@demo.test', displayName: 'Olga' },
  organization: { id: 'o1', key: 'demo', name: 'Demo', timeZone: 'Europe/Berlin' },
};

/** @param urls By subgraph name, where they are served over HTTP. */
export function composeTestGraph(subgraphs: readonly TestSubgraph[], urls: Record<string, string> = {}): string {
  const result = composeServices(
    subgraphs.map(({ name, sdl }) => ({ name, url: urls[name] ?? `http://${name}.invalid/graphql`, typeDefs: parse(sdl) })),
  );
  if (result.errors) throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.supergraphSdl!;
}
