import { eventually } from '@pulsegraph/testkit';
import { postGraphQL, type SignedInClient } from './client/graphql-client.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';

const SEEDED = { displayName: 'Zacharias Quillfeather', recordNumber: 'MRN-99-QQ-17', birthDate: '1931-07-19' };
const PERSONAL = ['Quillfeather', 'MRN-99-QQ', '1931-07-19', 'demo-password-for-tests', 'admin@demo.test'];

let stack: StandaloneStack;
let admin: SignedInClient;
beforeAll(async () => {
  stack = await startStandalone({ LOG_LEVEL: 'trace' });
  admin = await stack.signIn('admin');
}, 120_000);
afterAll(() => stack?.stop());

it('tells nobody by logs or metrics who a patient is, and the trail who has looked', async () => {
  const { createPatient } = await admin.request<{ createPatient: { id: string } }>(
    'mutation ($input: PatientInput!) { createPatient(input: $input) { id } }',
    { input: SEEDED },
  );
  const { id } = createPatient;
  const found = await admin.request<{ patients: { nodes: object[] } }>(
    'query ($search: String) { patients(search: $search) { nodes { displayName recordNumber birthDate } } }',
    { search: 'quillfeather' },
  );
  expect(found.patients.nodes).toEqual([SEEDED]);
  // What fails is logged more than what succeeds.
  await postGraphQL(stack.url, `mutation { createPatient(input: { displayName: "${SEEDED.displayName}" }) { id } }`);
  await postGraphQL(stack.url, `{ patients(search: "${SEEDED.displayName}", first: -1) { totalCount } }`, {}, 'a token of nobody');
  await postGraphQL(stack.url, `mutation { signIn(email: "admin@demo.test", password: "${SEEDED.displayName}") { accessToken } }`);

  const trail = () =>
    admin.request<{ auditEvents: { nodes: { action: string; ip: string | null }[] }; verifyAuditTrail: { valid: boolean } }>(
      `{ auditEvents(filter: { subjectId: "${id}" }) { nodes { action ip } } verifyAuditTrail { valid } }`,
    );
  await eventually(async () => {
    const { auditEvents, verifyAuditTrail } = await trail();
    expect(auditEvents.nodes.map(({ action }) => action)).toEqual(expect.arrayContaining(['createPatient', 'readPatient']));
    expect(auditEvents.nodes.every(({ ip }) => ip === '127.0.0.1')).toBe(true);
    expect(verifyAuditTrail.valid).toBe(true);
  });

  const metrics = await (await fetch(`${stack.url}/metrics`)).text();
  // Beside its log, demo mode greets whoever started it with its accounts.
  const lines = stack.running.output().split('\n');
  const log = lines.filter((line) => line.startsWith('{'));
  expect(log.length).toBeGreaterThan(10);
  const said = log.join('\n') + metrics;
  expect(metrics).toContain('# HELP');
  expect(PERSONAL.filter((word) => said.toLowerCase().includes(word.toLowerCase()))).toEqual([]);
});

it('puts on record who begins to watch patients, when it begins', async () => {
  const stream = admin.subscribe('subscription { alertChanged { alert { id patient { displayName } } } }');
  try {
    await eventually(async () => {
      const query = '{ auditEvents(filter: { action: "alertChanged" }) { nodes { actorName subjectType ip } } }';
      const { auditEvents } = await admin.request<{ auditEvents: { nodes: object[] } }>(query);
      expect(auditEvents.nodes).toEqual([{ actorName: 'Ada Admin', subjectType: 'Patient', ip: '127.0.0.1' }]);
    });
    expect(stream.faults).toEqual([]);
  } finally {
    stream.close();
  }
});
