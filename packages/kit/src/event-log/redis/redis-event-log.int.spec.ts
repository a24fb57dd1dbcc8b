import { randomUUID } from 'node:crypto';
import { describeWith, eventually, testRedis } from '@pulsegraph/testkit';
import { describeEventLog, numbered, recorder } from '../event-log.contract.js';
import { LogFullError } from '../event-log.js';
import { createRedisEventLog, type RedisEventLogOptions } from './redis-event-log.js';

const oneTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describeWith(['redis-server'], 'redis event log', () => {
  const redis = testRedis();
  const freshPrefix = () => `${redis.prefix}${randomUUID()}:`;
  const open = (over: Partial<RedisEventLogOptions> = {}) =>
    createRedisEventLog({ url: redis.url, keyPrefix: freshPrefix(), leaseMs: 1_000, ...over });

  describeEventLog((groups) => open({ groups }));

  it('shares partitions between processes, and one takes over at once what a stopped one leaves', async () => {
    const keyPrefix = freshPrefix();
    const [one, two] = [await open({ keyPrefix }), await open({ keyPrefix })];
    const [first, second] = [recorder(), recorder()];
    const consumer = await one.consume('telemetry-writer', first.handle);
    await two.consume('telemetry-writer', second.handle);
    let n = 0;
    await eventually(async () => {
      n++;
      await one.append(oneTo(40).map((device) => numbered(device, n)));
      expect(first.count()).toBeGreaterThan(0);
      expect(second.count()).toBeGreaterThan(0);
    });
    await consumer.stop();
    const handled = first.count();
    await one.append(oneTo(40).map((device) => numbered(device, n + 1)));
    await eventually(() => {
      for (const device of oneTo(40)) expect([...first.of(device), ...second.of(device)]).toEqual(oneTo(n + 1));
    });
    expect(first.count()).toBe(handled);
    await Promise.all([one.close(), two.close()]);
  });

  it('gives the batch of a process that died to its successor', async () => {
    const keyPrefix = freshPrefix();
    const [dying, heir] = [await open({ keyPrefix }), await open({ keyPrefix })];
    let entered: () => void = () => undefined;
    const inHand = new Promise<void>((resolve) => (entered = resolve));
    let die: (error: Error) => void = () => undefined;
    const death = new Promise<void>((_, reject) => (die = reject));
    await dying.consume('telemetry-writer', () => {
      entered();
      return death;
    });
    await dying.append([numbered(1, 1)]);
    await inHand;
    await dying.append([numbered(1, 2)]);
    // A process that is killed neither renews nor releases: its keys are all that is left of it.
    const client = redis.connect();
    for (const key of await client.keys(`${keyPrefix}*lease*`)) await client.set(key, 'a-killed-process', 'PX', 300);
    const writer = recorder();
    await heir.consume('telemetry-writer', writer.handle);
    await eventually(() => expect(writer.of(1)).toEqual([1, 2]));
    die(new Error('Killed.'));
    await Promise.all([dying.close(), heir.close()]);
    expect(writer.of(1)).toEqual([1, 2]);
  });

  it('goes on after Redis was killed, and an append that was under way arrives', async () => {
    const log = await open();
    const writer = recorder();
    await log.consume('telemetry-writer', writer.handle);
    await log.append([numbered(1, 1)]);
    await redis.stop('SIGKILL');
    const appended = log.append([numbered(1, 2)]);
    await expect(log.ping()).rejects.toThrow(/did not answer/);
    await redis.start();
    await appended;
    await log.append([numbered(1, 3)]);
    // At least once: a value may repeat, but each is there and none overtakes.
    await eventually(() => expect([...new Set(writer.of(1))]).toEqual([1, 2, 3]));
    await log.close();
  });

  it('loses nothing that was acknowledged when Redis is killed under load', async () => {
    const log = await open();
    const writer = recorder();
    await log.consume('telemetry-writer', writer.handle);
    const append = (n: number) => log.append([numbered(n % 5, n)]);
    const appends = oneTo(500).map(append);
    await Promise.race(appends);
    await redis.stop('SIGKILL');
    appends.push(...oneTo(100).map((n) => append(500 + n)));
    await redis.start();
    await Promise.all(appends);
    await eventually(() => {
      const seen = new Set(writer.entries.map(({ record }) => (record.type === 'readings' ? record.readings[0]!.value : null)));
      expect(seen.size).toBe(600);
    });
    await log.close();
  });

  it('refuses records at the bound, and takes them again once every group has handled what is there', async () => {
    const log = await open({ maxBytes: 300_000, groups: ['telemetry-writer', 'alert-evaluator'] });
    const fill = async () => {
      for (;;) await log.append(oneTo(100).map((n) => numbered(n, n)));
    };
    await expect(fill()).rejects.toBeInstanceOf(LogFullError);
    await log.consume('telemetry-writer', async () => undefined);
    await eventually(async () => expect(await log.backlog('telemetry-writer')).toBe(0));
    // One group still needs them.
    await expect(log.append([numbered(1, 1)])).rejects.toBeInstanceOf(LogFullError);
    await log.consume('alert-evaluator', async () => undefined);
    await eventually(() => log.append([numbered(1, 1)]));
    await log.close();
  });

  it('refuses a log of another number of partitions', async () => {
    const keyPrefix = freshPrefix();
    await (await open({ keyPrefix, partitions: 2 })).close();
    await expect(open({ keyPrefix, partitions: 3 })).rejects.toThrow(/has 2 partitions and 3 are configured/);
  });

  describe('on a Redis that would lose records', () => {
    const careless = testRedis({ settings: { appendonly: 'no' } });
    const evicting = testRedis({ settings: { 'maxmemory-policy': 'allkeys-lru' } });

    it('does not start, and says which setting to change', async () => {
      await expect(createRedisEventLog({ url: careless.url })).rejects.toThrow(/appendonly yes/);
      await expect(createRedisEventLog({ url: evicting.url })).rejects.toThrow(/maxmemory-policy noeviction/);
    });
  });
});
