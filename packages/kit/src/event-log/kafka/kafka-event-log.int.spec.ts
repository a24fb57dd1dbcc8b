import { randomUUID } from 'node:crypto';
import { describeWith, eventually, testKafka } from '@pulsegraph/testkit';
import { describeEventLog, numbered, recorder } from '../event-log.contract.js';
import { LogFullError } from '../event-log.js';
import { createKafkaEventLog, type KafkaEventLogOptions } from './kafka-event-log.js';

const oneTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);
/** The mock lets a new group wait three seconds for more members. */
const PATIENT = { timeoutMs: 30_000 };

describeWith(['kcat'], 'kafka event log', () => {
  const kafka = testKafka();
  const freshTopic = () => `log-${randomUUID()}`;
  const open = (over: Partial<KafkaEventLogOptions> = {}) =>
    createKafkaEventLog({ brokers: [kafka.broker], topic: freshTopic(), sessionMs: 6_000, ...over });

  describeEventLog((groups) => open({ groups }), PATIENT);

  it('shares partitions between processes in a rebalance, in order per device, and gives one the batch of another that died', async () => {
    const topic = freshTopic();
    const [one, two] = [await open({ topic }), await open({ topic })];
    const [first, second] = [recorder(), recorder()];
    let dead = false;
    const consumer = await one.consume('telemetry-writer', async (batch) => {
      // In the middle of a batch: some of it is handled, none of it is committed.
      if (dead) throw new Error('Killed.');
      await first.handle(batch);
    });
    await one.append(oneTo(40).map((device) => numbered(device, 1)));
    await eventually(() => expect(first.count()).toBe(40), PATIENT);
    await two.consume('telemetry-writer', second.handle);
    let n = 1;
    await eventually(async () => {
      n++;
      await one.append(oneTo(40).map((device) => numbered(device, n)));
      expect(second.count()).toBeGreaterThan(0);
    }, PATIENT);
    dead = true;
    n++;
    await one.append(oneTo(40).map((device) => numbered(device, n)));
    await consumer.stop();
    await eventually(() => {
      // At least once: a value may repeat, but each is there and none overtakes.
      for (const device of oneTo(40)) expect([...new Set([...first.of(device), ...second.of(device)])]).toEqual(oneTo(n));
    }, PATIENT);
    await Promise.all([one.close(), two.close()]);
  }, 90_000);

  it('refuses records when the slowest group is too far behind, and takes them again once it has caught up', async () => {
    const log = await open({ maxBacklogRecords: 500, groups: ['telemetry-writer', 'alert-evaluator'] });
    const fill = async () => {
      for (;;) await log.append(oneTo(100).map((n) => numbered(n, n)));
    };
    await expect(fill()).rejects.toBeInstanceOf(LogFullError);
    await log.consume('telemetry-writer', async () => undefined);
    await eventually(async () => expect(await log.backlog('telemetry-writer')).toBe(0), PATIENT);
    // One group still needs them.
    await expect(log.append([numbered(1, 1)])).rejects.toBeInstanceOf(LogFullError);
    await log.consume('alert-evaluator', async () => undefined);
    await eventually(() => log.append([numbered(1, 1)]), PATIENT);
    await log.close();
  }, 90_000);

  it('refuses records beyond what it may hold while Kafka is slow', async () => {
    const log = await open({ maxPendingBytes: 1_000 });
    const appends = oneTo(50).map((n) => log.append([numbered(1, n)]));
    const refused = (await Promise.allSettled(appends)).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const each of refused) expect(each).toMatchObject({ reason: expect.any(LogFullError) as unknown });
    await log.close();
  });

  it('says which setting to look at when no broker answers', async () => {
    await expect(createKafkaEventLog({ brokers: ['127.0.0.1:1'] })).rejects.toThrow(/127\.0\.0\.1:1 \(KAFKA_BROKERS\)/);
  });
});
