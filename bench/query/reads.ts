import type { SignedInClient } from '../../e2e/client/graphql-client.js';

const HOUR_MS = 3_600_000;
const SERIES = `query ($requests: [SeriesRequest!]!) { series(requests: $requests) {
  metric unit resolution columns { at avg min max last count } gaps { from to } } }`;
const LATEST = `query ($profileId: ID!) { devices(first: 1000, filter: { profileId: $profileId }) {
  nodes { id name connectivity latest { metric value unit recordedAt } } } }`;

export interface Read {
  name: string;
  aimP95Ms: number;
  /** @param round No two rounds ask the same. @returns What came back, to be told and compared. */
  run(round: number): Promise<string>;
}

export interface ReadOptions {
  client: SignedInClient;
  /** Of devices with a history. */
  deviceIds: readonly string[];
  profileId: string;
  days: number;
  endMs: number;
}

interface SeriesAnswer {
  series: ({ resolution: string | null; columns: { at: number[] }; gaps: object[] } | null)[];
}
interface LatestAnswer {
  devices: { nodes: { latest: object[] }[] };
}

export function readsOf({ client, deviceIds, profileId, days, endMs }: ReadOptions): Read[] {
  const series = async (round: number, count: number, spanMs: number, maxPoints: number) => {
    const toMs = endMs - round * 1_000;
    const requests = Array.from({ length: count }, (_, index) => ({
      deviceId: deviceIds[(round * count + index) % deviceIds.length],
      metric: 'temperature',
      from: new Date(toMs - spanMs).toISOString(),
      to: new Date(toMs).toISOString(),
      maxPoints,
    }));
    const answer = await client.request<SeriesAnswer>(SERIES, { requests });
    const found = answer.series.filter((each) => each !== null);
    const points = found.reduce((sum, each) => sum + each.columns.at.length, 0);
    const gaps = found.reduce((sum, each) => sum + each.gaps.length, 0);
    // Where only rollups are left, the part of a minute at the beginning is missing.
    if (found.length !== count || gaps > count || points < count * Math.min(maxPoints, spanMs / 1_000) * 0.4) {
      throw new Error(`${found.length} of ${count} series with ${points} points and ${gaps} gaps: the history is not what was stored.`);
    }
    return `${points} points, ${found[0]!.resolution ?? 'raw'}`;
  };
  return [
    { name: 'last hour, raw', aimP95Ms: 20, run: (round) => series(round, 1, HOUR_MS, 5_000) },
    { name: 'last day to 500 points', aimP95Ms: 30, run: (round) => series(round, 1, 24 * HOUR_MS, 500) },
    { name: `${days} days to 500 points`, aimP95Ms: 30, run: (round) => series(round, 1, (days * 24 - 1) * HOUR_MS, 500) },
    { name: '20 series at once, last day', aimP95Ms: 150, run: (round) => series(round, 20, 24 * HOUR_MS, 500) },
    {
      name: '1,000 devices with latest',
      aimP95Ms: 150,
      run: async () => {
        const { devices } = await client.request<LatestAnswer>(LATEST, { profileId });
        const values = devices.nodes.reduce((sum, { latest }) => sum + latest.length, 0);
        if (values !== devices.nodes.length) throw new Error(`${values} values of ${devices.nodes.length} devices.`);
        return `${values} values`;
      },
    },
  ];
}
