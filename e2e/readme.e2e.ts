import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@pulsegraph/testkit';
import { aDevice, aProfile } from './client/device.js';
import { ROOT } from './stack/process.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, text]) => text!);
const shell = (beginning: string) =>
  blocks('sh')
    .find((text) => text.startsWith(beginning))!
    .replaceAll('\\\n', ' ');

describe('what the README tells people to paste', () => {
  let stack: StandaloneStack;
  beforeAll(async () => (stack = await startStandalone({ SIMULATOR: 'factory' })), 240_000);
  afterAll(() => stack?.stop(), 60_000);

  it('signs in with curl', () => {
    const command = shell('curl').replace('localhost:4000', new URL(stack.url).host).replace('PASSWORD', stack.password);
    const answer = JSON.parse(execFileSync('sh', ['-c', command], { encoding: 'utf8' })) as { data: { signIn: { accessToken: string } } };
    expect(answer.data.signIn.accessToken).toMatch(/^ey/);
  });

  it('answers the first query over three subgraphs', async () => {
    const viewer = await stack.signIn('viewer');
    const [query] = blocks('graphql').filter((text) => text.startsWith('query'));
    await eventually(
      async () => {
        const { deviceStatuses } = await viewer.request<{ deviceStatuses: { nodes: { device: { latest: object[] } }[] } }>(query!);
        expect(deviceStatuses.nodes).toHaveLength(5);
        for (const { device } of deviceStatuses.nodes) expect(device.latest.length).toBeGreaterThan(0);
      },
      { timeoutMs: 30_000 },
    );
  });

  it('streams the first subscription', async () => {
    const viewer = await stack.signIn('viewer');
    const [subscription] = blocks('graphql').filter((text) => text.startsWith('subscription'));
    const stream = viewer.subscribe<{ readings: { readings: { device: { name: string } }[] } }>(subscription!);
    const event = await stream.first(() => true, 30_000);
    expect(event.readings.readings[0]?.device.name).toBeTruthy();
    stream.close();
    await viewer.close();
  });

  it('publishes with mosquitto_pub', async () => {
    const admin = await stack.signIn('admin');
    const device = await aDevice(admin, 'my-device', await aProfile(admin, 'readme'));
    const port = new URL(stack.mqttUrl).port;
    const command = shell('mosquitto_pub').replace('-p 1883', `-p ${port}`).replace('TOKEN', device.token);
    if (!existsSync('/usr/bin/mosquitto_pub')) throw new Error('mosquitto_pub is not installed: apt-get install mosquitto-clients');
    execFileSync('sh', ['-c', command]);
    await eventually(async () => {
      const { deviceByKey } = await admin.request<{ deviceByKey: { latest: { value: number }[] } }>(
        '{ deviceByKey(key: "my-device") { latest { value } } }',
      );
      expect(deviceByKey.latest).toEqual([{ value: 21.5 }]);
    });
  });

  it('names only files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path!).filter((path) => !path.startsWith('http'));
    expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
