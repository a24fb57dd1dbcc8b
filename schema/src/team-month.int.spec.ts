import { testDatabase } from '@pulsegraph/testkit';
import type { CheckReport } from './check/check.js';
import { Refused } from './cli/registry-client.js';
import { SMALL_GRAPH, SMALL_SUBGRAPHS, type SmallSubgraph } from './testing/small-graph.js';
import { startTestRegistry, type TestRegistry } from './testing/test-registry.js';
import { usageReport, type Traffic } from './testing/usage.js';

/** What the gateways have seen in the month. */
const TRAFFIC: Traffic[] = [
  {
    client: 'dashboard',
    clientVersion: '3.1',
    name: 'Board',
    document: 'query Board { devices(first: 50) { id name place latest { value unit } } }',
    count: 48_000,
  },
  {
    client: 'dashboard',
    clientVersion: '3.0',
    name: 'Board',
    document: 'query Board { devices(first: 50) { id name place latest { value unit } } }',
    count: 900,
  },
  { client: 'dashboard', clientVersion: '3.1', name: 'Who', document: 'query Who { me { id name } }', count: 12_000 },
  {
    client: 'kiosk',
    clientVersion: '1.4',
    name: 'Serial',
    document: 'query Serial($id: ID!) { device(id: $id) { serialNumber } }',
    count: 300,
  },
  {
    client: 'pager',
    clientVersion: '2.0',
    name: 'Alert',
    document: 'query Alert($id: ID!) { alert(id: $id) { message severity } }',
    count: 5_000,
  },
  {
    client: 'pager',
    clientVersion: '2.0',
    name: 'Seen',
    document: 'mutation Seen($id: ID!) { acknowledge(id: $id, note: "by pager") { id } }',
    count: 4_000,
  },
  {
    client: 'lab',
    clientVersion: '0.9',
    name: 'Quality',
    document: 'query Quality { readings(metric: "temperature") { value quality } }',
    count: 70,
  },
  {
    client: 'wall',
    clientVersion: '1.0',
    name: 'Live',
    document: 'subscription Live($filter: ReadingFilter) { readingAdded(filter: $filter) { reading { value } device { name } } }',
    count: 40,
  },
];
const OPEN = [
  {
    client: 'wall',
    name: 'Live',
    document: 'subscription Live($filter: ReadingFilter) { readingAdded(filter: $filter) { reading { value } device { name } } }',
    count: 1_204,
  },
];
/** Built into a client that nobody has opened this month. */
const MAILER = ['query Mails { me { email } }'];

type Edit = (sdl: string) => string;
interface Day {
  what: string;
  subgraph: SmallSubgraph;
  edit: Edit;
  /** `passes` is published, so that the next days build on it. */
  verdict: 'passes' | 'breaks' | 'cannot compose';
  /** Clients that would break, with their versions. */
  breaks?: string[];
  /** Clients that meet something new and go on. */
  risks?: string[];
  ends?: number;
}

const put = (before: string, after: string): Edit => {
  return (sdl) => {
    if (!sdl.includes(before)) throw new Error(`not in this schema: ${before}`);
    return sdl.replace(before, after);
  };
};
const drop = (text: string): Edit => put(text, '');
const all =
  (...edits: Edit[]): Edit =>
  (sdl) =>
    edits.reduce((text, edit) => edit(text), sdl);
const addTo =
  (type: string, member: string): Edit =>
  (sdl) =>
    sdl.replace(new RegExp(`((?:type|input|enum) ${type}[^{]*\\{)`), `$1\n  ${member}\n`);

const MONTH: Day[] = [
  { what: 'a new field', subgraph: 'devices', edit: addTo('Device', '"In kg."\n  weightKg: Float'), verdict: 'passes' },
  { what: 'a new query', subgraph: 'alerts', edit: addTo('Query', '"Newest."\n  newestAlert: Alert'), verdict: 'passes' },
  { what: 'another description', subgraph: 'users', edit: put('"Where mails go."', '"The address for mails."'), verdict: 'passes' },
  {
    what: 'a field that everybody reads goes',
    subgraph: 'devices',
    edit: drop('  name: String!\n'),
    verdict: 'breaks',
    breaks: ['dashboard 3.0', 'dashboard 3.1', 'wall 1.0'],
    ends: 1_204,
  },
  { what: 'a syntax error', subgraph: 'telemetry', edit: put('value: Float!', 'value Float!'), verdict: 'cannot compose' },
  {
    what: 'a field of one client goes',
    subgraph: 'devices',
    edit: all(drop('  serialNumber: String @tag(name: "internal")\n'), drop('  "As printed on the plate."\n')),
    verdict: 'breaks',
    breaks: ['kiosk 1.4'],
  },
  {
    what: 'that field is deprecated instead',
    subgraph: 'devices',
    edit: put('serialNumber: String', 'serialNumber: String @deprecated(reason: "Use plate. Removed after 2027-03-01.")'),
    verdict: 'passes',
  },
  { what: 'a type that does not exist', subgraph: 'alerts', edit: addTo('Alert', '"Of whom."\n  team: Team'), verdict: 'cannot compose' },
  {
    what: 'a new optional argument',
    subgraph: 'alerts',
    edit: put('alert(id: ID!)', 'alert(id: ID!, language: String)'),
    verdict: 'passes',
  },
  {
    what: 'a new required argument',
    subgraph: 'alerts',
    edit: put('language: String)', 'language: String, tone: Int!)'),
    verdict: 'breaks',
    breaks: ['pager 2.0'],
  },
  {
    what: 'an argument becomes required that one client leaves out',
    subgraph: 'alerts',
    edit: put('language: String)', 'language: String!)'),
    verdict: 'breaks',
    breaks: ['pager 2.0'],
  },
  {
    what: 'an argument becomes required that its only caller gives',
    subgraph: 'alerts',
    edit: put('note: String)', 'note: String!)'),
    verdict: 'passes',
  },
  { what: 'an unused argument goes', subgraph: 'alerts', edit: put('(id: ID!, language: String)', '(id: ID!)'), verdict: 'passes' },
  {
    what: 'a used argument goes',
    subgraph: 'alerts',
    edit: put('(id: ID!, note: String!)', '(id: ID!)'),
    verdict: 'breaks',
    breaks: ['pager 2.0'],
  },
  {
    what: 'a further value of an enum that one client receives',
    subgraph: 'telemetry',
    edit: put('GOOD BAD', 'GOOD BAD LATE'),
    verdict: 'passes',
    risks: ['lab 0.9'],
  },
  {
    what: 'a field changes its type',
    subgraph: 'alerts',
    edit: put('severity: Int!', 'severity: Float!'),
    verdict: 'breaks',
    breaks: ['pager 2.0'],
  },
  {
    what: 'a field may be null from now on',
    subgraph: 'users',
    edit: put('name: String!', 'name: String'),
    verdict: 'breaks',
    breaks: ['dashboard 3.1'],
  },
  { what: 'a field is never null from now on', subgraph: 'devices', edit: put('place: String', 'place: String!'), verdict: 'passes' },
  {
    what: 'two subgraphs disagree on a field',
    subgraph: 'users',
    edit: (sdl) => `${sdl}\n"Ours."\ntype Reading { "Else." value: Int! }\n`,
    verdict: 'cannot compose',
  },
  {
    what: 'a field that a published document reads goes',
    subgraph: 'users',
    edit: all(drop('  "The address for mails."\n'), drop('  email: String @tag(name: "internal")\n')),
    verdict: 'breaks',
    breaks: ['mailer 1.0'],
  },
  {
    what: 'a query that nobody asks goes',
    subgraph: 'alerts',
    edit: all(drop('  "Newest."\n'), drop('  newestAlert: Alert\n')),
    verdict: 'passes',
  },
  {
    what: 'a field of an input that one client sends goes',
    subgraph: 'telemetry',
    edit: drop('  minimum: Float\n'),
    verdict: 'breaks',
    breaks: ['wall 1.0'],
  },
  {
    what: 'a new optional field of that input',
    subgraph: 'telemetry',
    edit: addTo('ReadingFilter', 'maximum: Float'),
    verdict: 'passes',
  },
  {
    what: 'a new required field of that input',
    subgraph: 'telemetry',
    edit: addTo('ReadingFilter', 'window: Int!'),
    verdict: 'breaks',
    breaks: ['wall 1.0'],
  },
  {
    what: 'a field moves to another subgraph',
    subgraph: 'telemetry',
    edit: addTo('Device', '"Where it stands."\n  place: String! @override(from: "devices")'),
    verdict: 'passes',
  },
  {
    what: 'an override of a subgraph by itself',
    subgraph: 'alerts',
    edit: addTo('Device', '"Counted."\n  alertCount: Int @override(from: "alerts")'),
    verdict: 'cannot compose',
  },
  {
    what: 'a subscription goes that is open on the wall',
    subgraph: 'telemetry',
    edit: (sdl) => sdl.replace(/type Subscription \{[^}]*\}/, ''),
    verdict: 'breaks',
    breaks: ['wall 1.0'],
    ends: 1_204,
  },
  {
    what: 'another default that one client relies on nowhere',
    subgraph: 'devices',
    edit: put('first: Int = 20', 'first: Int = 10'),
    verdict: 'passes',
  },
  { what: 'an enum value goes that nobody sends', subgraph: 'telemetry', edit: put('GOOD BAD LATE', 'GOOD BAD'), verdict: 'passes' },
  {
    what: 'a type becomes an entity of two subgraphs',
    subgraph: 'users',
    edit: (sdl) => `${sdl}\ntype Alert @key(fields: "id") {\n  id: ID!\n  "Who has seen it."\n  seenBy: User\n}\n`,
    verdict: 'passes',
  },
];

const db = testDatabase('registry');
let r: TestRegistry;
beforeAll(async () => {
  r = await startTestRegistry(db.url);
  await r.publishSmallGraph();
  await r.admin.publishDocuments({ client: 'mailer', clientVersion: '1.0', documents: MAILER });
  await r.report(usageReport(TRAFFIC, OPEN));
});
afterAll(() => r?.stop());

/** Publishing checks first, by the same rules. */
async function outcomeOf(subgraph: SmallSubgraph, sdl: string): Promise<{ verdict: string; report: CheckReport | null }> {
  try {
    return { verdict: 'passes', report: (await r.publish(subgraph, sdl)).report };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const verdict = { COMPOSITION_FAILED: 'cannot compose', BREAKING_CHANGE: 'breaks' }[error.code] ?? error.code;
    return { verdict, report: error.details.report ?? null };
  }
}

it('a month of thirty changes to four subgraphs gets thirty verdicts, each exactly right', async () => {
  expect(MONTH).toHaveLength(30);
  const current: Record<SmallSubgraph, string> = { ...SMALL_GRAPH };
  const got: object[] = [];
  for (const { what, subgraph, edit } of MONTH) {
    await db.rows('update gateway set reported_at = now()');
    const sdl = edit(current[subgraph]);
    const { verdict, report } = await outcomeOf(subgraph, sdl);
    const clientsOf = (weighed: string) =>
      [
        ...new Set(
          (report?.changes ?? [])
            .filter((change) => change.verdict === weighed)
            .flatMap(({ affected }) => affected.map(({ client, clientVersion }) => `${client} ${clientVersion}`)),
        ),
      ].sort();
    const breaks = clientsOf('breaks');
    // Whoever's operation is no longer valid is named with some change.
    for (const { client, clientVersion } of report?.broken ?? []) expect(breaks).toContain(`${client} ${clientVersion}`);
    if (verdict === 'passes') current[subgraph] = sdl;
    got.push({ what, verdict, breaks, risks: clientsOf('risky'), ends: report?.live?.ends ?? 0 });
  }
  expect(got).toEqual(MONTH.map(({ what, verdict, breaks = [], risks = [], ends = 0 }) => ({ what, verdict, breaks, risks, ends })));
  const { subgraphs } = await r.admin.subgraphs();
  expect(Object.fromEntries(subgraphs.map(({ name, sdl }) => [name, sdl]))).toEqual(
    Object.fromEntries(SMALL_SUBGRAPHS.map((name) => [name, current[name]])),
  );
});
