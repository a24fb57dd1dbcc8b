import { DEVICES, deviceId } from './graph.js';

export interface Shape {
  name: string;
  query: string;
  /** Of the n-th request; with identical variables every request is the first. */
  variables: (n: number) => Record<string, unknown>;
  /** Fetches of subgraphs which the plan of one request has. A gateway that makes fewer has shared or cached some. */
  fetches: number;
}

export const SHAPES: readonly Shape[] = [
  {
    name: 'flat',
    query: 'query Device($id: ID!) { device(id: $id) { id key name connectivity lastSeenAt firmwareVersion } }',
    variables: (n) => ({ id: deviceId(n) }),
    fetches: 1,
  },
  {
    name: 'four subgraphs',
    query: `query DeviceOverview($id: ID!) {
      device(id: $id) {
        id name profile { name } labels { key value }
        latest { metric value unit recordedAt }
        openSeverity
        alerts(first: 3) { nodes { id severity status message raisedAt acknowledgedBy { displayName email } } }
      }
    }`,
    variables: (n) => ({ id: deviceId(n) }),
    fetches: 4,
  },
  {
    name: '50 devices',
    query: `query Fleet($after: String) {
      devices(first: 50, after: $after) {
        nodes {
          id key name connectivity
          latest { metric value unit recordedAt quality }
          openSeverity
          alerts(first: 3) { nodes { id severity status message raisedAt } totalCount }
        }
        pageInfo { hasNextPage endCursor }
      }
    }`,
    variables: (n) => ({ after: deviceId((n * 7) % DEVICES) }),
    fetches: 3,
  },
];

/** How many different bodies the load goes round in. */
export const DISTINCT_BODIES = 2_000;

export function bodiesOf(shape: Shape, distinct: boolean): string[] {
  return Array.from({ length: distinct ? DISTINCT_BODIES : 1 }, (_, n) =>
    JSON.stringify({ query: shape.query, variables: shape.variables(n) }),
  );
}
