import { eventually } from '@pulsegraph/testkit';
import { aDevice, aProfile, connectDevice, readingsTopic } from './client/device.js';
import { pipelineContract } from './pipeline.contract.js';
import { startDistributed, type DistributedStack } from './stack/distributed-stack.js';

pipelineContract('distributed, from docker-compose.yml', startDistributed);

describe('with parts of it gone', () => {
  let own: DistributedStack;
  beforeAll(async () => (own = await startDistributed()), 240_000);
  afterAll(() => own?.stop(), 60_000);

  it('evaluators that are killed while they raise and resolve are taken over: no alert is lost, none comes twice', async () => {
    const admin = await own.signIn('admin');
    const profileId = await aProfile(admin, 'shared');
    const devices = await Promise.all(Array.from({ length: 12 }, (_, index) => aDevice(admin, `shared-${index}`, profileId)));
    await admin.request('mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id } }', {
      input: {
        name: 'Hot for long',
        severity: 'CRITICAL',
        target: { profileId },
        condition: { threshold: { metric: 'temperature', above: 90, for: 'PT4S' } },
      },
    });
    const replica = await own.replicate('alert-evaluator');
    const clients = await Promise.all(devices.map((device) => connectDevice(own.mqttUrl, device)));
    const publish = (temperature: number) =>
      Promise.all(
        clients.map((client, index) =>
          client.publishAsync(readingsTopic(devices[index]!), JSON.stringify({ values: { temperature } }), { qos: 1 }),
        ),
      );
    const histories = async () => {
      const { alerts } = await admin.request<{
        alerts: { nodes: { deviceKey: string; rule: { name: string }; history: { transition: string }[] }[] };
      }>(
        `query ($ids: [ID!]) { alerts(first: 100, filter: { deviceIds: $ids, kinds: [THRESHOLD_EXCEEDED] }) {
           nodes { deviceKey rule { name } history { transition } } } }`,
        { ids: devices.map(({ id }) => id) },
      );
      return alerts.nodes.map(({ deviceKey, rule, history }) => [deviceKey, rule.name, ...history.map(({ transition }) => transition)]);
    };
    const ofEveryDevice = (...transitions: string[]) =>
      expect.arrayContaining(
        devices.flatMap(({ key }) => ['Temperature above 85 °C', 'Hot for long'].map((rule) => [key, rule, ...transitions])),
      ) as unknown;
    const publishUntil = (temperature: number, expected: unknown) =>
      eventually(
        async () => {
          await publish(temperature);
          expect(await histories()).toEqual(expected);
        },
        { timeoutMs: 60_000, intervalMs: 500 },
      );

    await publish(40);
    await publish(95);
    await own.kill('alert-evaluator');
    await publishUntil(95, ofEveryDevice('RAISED'));

    await own.start('alert-evaluator');
    await publish(40);
    await replica.end('SIGKILL');
    await publishUntil(40, ofEveryDevice('RAISED', 'RESOLVED'));
    expect(await histories()).toHaveLength(2 * devices.length);
    await Promise.all(clients.map((client) => client.endAsync(true)));
    await admin.close();
  }, 180_000);

  it('alerts still list without the devices subgraph, still arrive, and say which device they are about', async () => {
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
