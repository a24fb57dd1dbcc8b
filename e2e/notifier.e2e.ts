import { randomBytes } from 'node:crypto';
import { eventually, startReceiver, type TestReceiver } from '@pulsegraph/testkit';
import { aDevice, aProfile, connectDevice, readingsTopic } from './client/device.js';
import { startStandalone, type StandaloneStack } from './stack/standalone-stack.js';

interface Sent {
  type: string;
  data: { mayBeRepeat: boolean; alerts: { alertId: string; level: number }[] };
}
const sentTo = ({ received }: TestReceiver) =>
  received.map(({ headers, body }) => ({ id: headers['webhook-id'], ...(JSON.parse(body) as Sent) }));

describe('kill -9 while an alert is being told', () => {
  let stack: StandaloneStack;
  const receivers: TestReceiver[] = [];
  beforeAll(async () => (stack = await startStandalone({ NOTIFY_PRIVATE_ADDRESSES: 'allow' })), 240_000);
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(receivers.map((receiver) => receiver.stop()));
  }, 60_000);

  it('the attempt without an answer comes again, marked, and the step that was to follow comes once', async () => {
    const admin = await stack.signIn('admin');
    const profileId = await aProfile(admin, 'oven');
    const device = await aDevice(admin, 'oven-1', profileId);
    const channelIds: string[] = [];
    for (const name of ['first', 'second']) {
      const receiver = await startReceiver();
      receivers.push(receiver);
      const { createNotificationChannel } = await admin.request<{ createNotificationChannel: { id: string } }>(
        'mutation ($input: NotificationChannelInput!) { createNotificationChannel(input: $input) { id } }',
        { input: { name, kind: 'WEBHOOK', settings: { url: receiver.url, secret: `whsec_${randomBytes(24).toString('base64')}` } } },
      );
      channelIds.push(createNotificationChannel.id);
    }
    const [first, second] = receivers as [TestReceiver, TestReceiver];
    const { saveEscalationPolicy } = await admin.request<{ saveEscalationPolicy: { id: string } }>(
      'mutation ($input: EscalationPolicyInput!) { saveEscalationPolicy(input: $input) { id } }',
      {
        input: {
          name: 'Up',
          steps: [
            { after: 'PT0S', channelIds: [channelIds[0]] },
            { after: 'PT5S', channelIds: [channelIds[1]] },
          ],
        },
      },
    );
    await admin.request('mutation ($input: AlertRuleInput!) { createAlertRule(input: $input) { id } }', {
      input: {
        name: 'Hot',
        severity: 'CRITICAL',
        target: { deviceIds: [device.id] },
        condition: { threshold: { metric: 'temperature', above: 60 } },
        escalationPolicyId: saveEscalationPolicy.id,
      },
    });
    first.reply = () => 'hang';
    const mqtt = await connectDevice(stack.mqttUrl, device, { reconnectPeriod: 0 });
    mqtt.on('error', () => undefined);
    await eventually(
      async () => {
        await mqtt.publishAsync(readingsTopic(device), JSON.stringify({ values: { temperature: 61 } }), { qos: 1 });
        expect(first.received).toHaveLength(1);
      },
      { timeoutMs: 30_000, intervalMs: 500 },
    );
    await mqtt.endAsync(true);
    await admin.close();

    await stack.restart('SIGKILL');
    first.reply = () => ({ status: 204 });
    await eventually(
      () => {
        expect(sentTo(first)).toHaveLength(2);
        expect(sentTo(second)).toHaveLength(1);
      },
      { timeoutMs: 60_000 },
    );
    const [began, again] = sentTo(first);
    expect([began!.type, again!.type]).toEqual(['alert.raised', 'alert.raised']);
    expect([began!.data.mayBeRepeat, again!.data.mayBeRepeat]).toEqual([false, true]);
    expect(again!.id).toBe(began!.id);
    expect(sentTo(second)).toMatchObject([{ type: 'alert.escalated', data: { mayBeRepeat: false, alerts: [{ level: 1 }] } }]);

    const once = await stack.signIn('admin');
    // What the receiver has seen is written down a moment later.
    await eventually(async () => {
      const { alert } = await once.request<{ alert: { status: string; notifications: object[] } }>(
        'query ($id: ID!) { alert(id: $id) { status notifications { status attempts uncertain channel { name } log { outcome } } } }',
        { id: began!.data.alerts[0]!.alertId },
      );
      expect(alert).toEqual({
        status: 'ESCALATED',
        notifications: [
          {
            status: 'DELIVERED',
            attempts: 2,
            uncertain: true,
            channel: { name: 'first' },
            log: [{ outcome: 'NO_ANSWER' }, { outcome: 'DELIVERED' }],
          },
          { status: 'DELIVERED', attempts: 1, uncertain: false, channel: { name: 'second' }, log: [{ outcome: 'DELIVERED' }] },
        ],
      });
    });
    await once.close();
  }, 180_000);
});
