import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@pulsegraph/testkit';
import { parse, stringify } from 'yaml';
import { runProcess } from './stack/process.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';

interface File {
  version: number;
  channels: { name: string; settings: Record<string, unknown> }[];
  policies: { name: string; steps: object[] }[];
  rules: { name: string; severity: string; target: object; condition: object }[];
}

const SLACK_URL = 'https://hooks.slack.example/services/T0/B0/secret';

describe('npm run rules', () => {
  let stack: StandaloneStack;
  let folder: string;
  let deviceKey: string;
  beforeAll(async () => {
    stack = await startStandalone();
    folder = await mkdtemp(join(tmpdir(), 'rules-'));
    deviceKey = await givePumpInHall();
  }, 240_000);
  afterAll(async () => {
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  async function givePumpInHall(): Promise<string> {
    const admin = await stack.signIn('admin');
    const asset = async (name: string, kind: string, parentId?: string) =>
      (
        await admin.request<{ createAsset: { id: string } }>('mutation ($input: AssetInput!) { createAsset(input: $input) { id } }', {
          input: { name, kind, parentId },
        })
      ).createAsset.id;
    const assetId = await asset('Hall 1', 'AREA', await asset('Works', 'SITE'));
    const { createDeviceProfile } = await admin.request<{ createDeviceProfile: { id: string } }>(
      'mutation ($input: DeviceProfileInput!) { createDeviceProfile(input: $input) { id } }',
      {
        input: {
          key: 'code-pump',
          name: 'Pump',
          domain: 'INDUSTRIAL',
          metrics: [{ metric: 'temperature', name: 'Temperature', kind: 'NUMBER', unit: 'Cel' }],
        },
      },
    );
    await admin.request('mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) { device { id } } }', {
      input: { key: 'code-pump-1', name: 'Pump 1', profileId: createDeviceProfile.id, assetId },
    });
    return 'code-pump-1';
  }

  /** @throws Error with what the command said, when it ends otherwise than expected. */
  async function rules(command: string, name: string, { args = [], code = 0 }: { args?: string[]; code?: number } = {}): Promise<string> {
    const running = runProcess(
      'node',
      ['tools/rules/dist/main.js', command, join(folder, name), '--url', stack.url, '--email', 'admin@demo.test', ...args],
      { PULSEGRAPH_PASSWORD: stack.password, SLACK_URL },
    );
    const ended = await running.ended;
    if (ended !== code) throw new Error(`ended with ${ended}: ${running.output()}`);
    return running.output();
  }
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const write = (name: string, content: object) => writeFile(join(folder, name), stringify(content));

  it('export, change, diff, apply: the next export is the file, by names and without secrets', async () => {
    await rules('export', 'before.yaml');
    expect(await rules('diff', 'before.yaml', { args: ['--prune'] })).toContain('No difference.');

    const before = parse(await read('before.yaml')) as File;
    const wanted: File = {
      ...before,
      channels: [...before.channels, { name: 'Chat', kind: 'SLACK', settings: { url: '${SLACK_URL}', groupSeconds: 30 } } as never],
      policies: [...before.policies, { name: 'By shift', steps: [{ after: 'PT0S', channels: ['Chat'], users: ['engineer@demo.test'] }] }],
      rules: [
        ...before.rules,
        {
          name: 'Hot pump',
          severity: 'HIGH',
          escalationPolicy: 'By shift',
          target: { devices: [deviceKey], profile: 'code-pump', asset: ['Works', 'Hall 1'] },
          condition: {
            all: [
              { threshold: { metric: 'temperature', above: 80, for: 'PT90S' } },
              { any: [{ offline: {} }, { trend: { metric: 'temperature', reaches: 90, within: 'PT2H' } }] },
            ],
          },
        } as never,
      ],
    };
    await write('wanted.yaml', wanted);
    const dry = await rules('diff', 'wanted.yaml', { code: 1 });
    expect(dry).toContain('3 to create, 0 to update, 0 to delete.');
    expect(dry).not.toContain(SLACK_URL);
    await rules('apply', 'wanted.yaml');
    await rules('diff', 'wanted.yaml', { args: ['--prune'] });

    await rules('export', 'after.yaml');
    expect(await read('after.yaml')).not.toContain('url');
    const after = parse(await read('after.yaml')) as File;
    expect(after.rules.find(({ name }) => name === 'Hot pump')).toEqual({
      name: 'Hot pump',
      enabled: true,
      severity: 'HIGH',
      escalationPolicy: 'By shift',
      target: { devices: [deviceKey], profile: 'code-pump', asset: ['Works', 'Hall 1'] },
      condition: {
        all: [
          { threshold: { metric: 'temperature', above: 80, for: 'PT1M30S', hysteresis: 0, clearAfter: 'PT0S' } },
          { any: [{ offline: {} }, { trend: { metric: 'temperature', reaches: 90, within: 'PT2H', over: 'PT1H' } }] },
        ],
      },
    });

    // An update: the secret that the export left out stays, since the platform would refuse a Slack channel without one.
    after.channels.find(({ name }) => name === 'Chat')!.settings.groupSeconds = 60;
    after.rules.find(({ name }) => name === 'Hot pump')!.severity = 'CRITICAL';
    await write('after.yaml', after);
    expect(await rules('apply', 'after.yaml')).toContain('severity: "HIGH" → "CRITICAL"');
    await rules('export', 'again.yaml');
    expect(parse(await read('again.yaml'))).toEqual(after);

    // Pruning takes the rule away; the policy stays, and with it the channel it uses.
    expect(await rules('apply', 'before.yaml', { args: ['--prune'] })).toContain('- delete rule "Hot pump"');
    await rules('export', 'pruned.yaml');
    const pruned = parse(await read('pruned.yaml')) as File;
    expect(pruned.rules).toEqual(before.rules);
    expect(pruned.channels.map(({ name }) => name)).toContain('Chat');
  }, 180_000);

  it('changes nothing when the file names a device that is not there, and says which rule does', async () => {
    await rules('export', 'present.yaml');
    const file = parse(await read('present.yaml')) as File;
    const rule = (name: string, target: object) => ({ name, severity: 'LOW', target, condition: { offline: {} } });
    file.rules.push(rule('Good', { devices: [deviceKey] }), rule('Bad', { devices: ['no-such-device'] }));
    await write('unknown.yaml', file);
    expect(await rules('apply', 'unknown.yaml', { code: 2 })).toContain('rule "Bad": There is no device "no-such-device" here.');
    await rules('export', 'still.yaml');
    expect(await read('still.yaml')).toBe(await read('present.yaml'));
  }, 120_000);

  it('edits the rule that a profile made instead of making a second one beside it', async () => {
    await rules('export', 'profile.yaml');
    const file = parse(await read('profile.yaml')) as File;
    const rule = { name: 'Pump offline', severity: 'CRITICAL', target: { profile: 'code-pump' }, condition: { offline: {} } };
    expect(file.rules.map(({ name }) => name)).not.toContain(rule.name);
    await write('profile.yaml', { ...file, rules: [...file.rules, rule] });
    const admin = await stack.signIn('admin');
    const found = async () =>
      (
        await admin.request<{ alertRules: { nodes: { name: string; origin: string; severity: string }[] } }>(
          'query ($name: String!) { alertRules(search: $name) { nodes { name origin severity } } }',
          { name: rule.name },
        )
      ).alertRules.nodes;
    await eventually(async () => expect(await found()).toMatchObject([{ origin: 'PROFILE' }]), { timeoutMs: 30_000 });

    expect(await rules('apply', 'profile.yaml')).toContain('~ update rule "Pump offline"');
    expect(await found()).toEqual([{ name: rule.name, origin: 'USER', severity: 'CRITICAL' }]);
    await rules('export', 'adopted.yaml');
    expect((parse(await read('adopted.yaml')) as File).rules).toContainEqual({ ...rule, enabled: true });
  }, 120_000);

  it('refuses whoever may not change rules, and a file that is none', async () => {
    for (const command of ['export', 'diff', 'apply']) {
      const said = await rules(command, 'before.yaml', { args: ['--email', 'viewer@demo.test'], code: 2 });
      expect(said).toContain('somebody who may change rules');
    }
    await writeFile(join(folder, 'broken.yaml'), 'version: 1\nrules: [');
    await rules('diff', 'broken.yaml', { code: 2 });
  }, 120_000);
});
