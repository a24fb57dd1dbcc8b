import { eventually } from '@pulsegraph/testkit';
import { aDevice, aProfile, connectDevice, readingsTopic } from './client/device.js';
import { pipelineContract } from './pipeline.contract.js';
import { startDistributed, type DistributedStack } from './stack/distributed-stack.js';

pipelineContract('distributed, from docker-compose.yml', startDistributed);

describe('with the devices subgraph down', () => {
  let own: DistributedStack;
  beforeAll(async () => (own = await startDistributed()), 240_000);
  afterAll(() => own?.stop(), 60_000);

  it('alerts still list, still arrive, and say which device they are about', async () => {
    const admin = await own.signIn('admin');
    const profileId = await aProfile(admin, 'thermometer');
    const device = await aDevice(admin, 'outage-1', profileId);
    const mqtt = await connectDevice(own.mqttUrl, device);
    const publish = (temperature: number) =>
      mqtt.publishAsync(readingsTopic(device), JSON.stringify({ values: { temperature } }), { qos: 1 });
    await publish(40);
    // The evaluator must have heard of the device before its registry goes away.
    await eventually(async () => {
      const { deviceStatuses } = await admin.request<{ deviceStatuses: { nodes: { deviceKey: string }[] } }>(
        '{ deviceStatuses { nodes { deviceKey } } }',
      );
      expect(deviceStatuses.nodes.map(({ deviceKey }) => deviceKey)).toContain('outage-1');
    });
    await own.kill('devices');

    const live = admin.subscribe<{ alertChanged: { transition: string; alert: { deviceKey: string } } }>(
      'subscription { alertChanged { cursor transition alert { deviceKey deviceName message } } }',
    );
    await eventually(
      async () => {
        await publish(95);
        const { data, errors } = await admin.answer<{ alerts: { nodes: { deviceKey: string; device: object | null }[] } }>(
          '{ alerts(filter: { statuses: [TRIGGERED] }) { nodes { deviceKey deviceName message device { name } } } }',
        );
        expect(data?.alerts.nodes[0]).toMatchObject({ deviceKey: 'outage-1', deviceName: 'Device outage-1', device: null });
        expect(errors?.[0]?.extensions?.code).toBe('SERVICE_UNAVAILABLE');
      },
      { timeoutMs: 30_000 },
    );
    // A subscription has no "ready" message: the limit is crossed again until one has come.
    await eventually(
      async () => {
        await publish(40);
        await publish(95);
        expect(live.received.length).toBeGreaterThan(0);
      },
      { timeoutMs: 30_000 },
    );
    const event = await live.first((each) => each.alertChanged.alert.deviceKey === 'outage-1', 30_000);
    expect(event.alertChanged.transition).toBeDefined();
    await mqtt.endAsync(true);
    await admin.close();
  });
});
