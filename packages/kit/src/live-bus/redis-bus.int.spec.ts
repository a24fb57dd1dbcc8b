import { randomUUID } from 'node:crypto';
import { describeWith, eventually, testRedis } from '@pulsegraph/testkit';
import { describeLiveBus } from './live-bus.contract.js';
import { createRedisBus } from './redis-bus.js';

describeWith(['redis-server'], 'redis bus', () => {
  const redis = testRedis();
  const open = () => createRedisBus({ url: redis.url, prefix: `${redis.prefix}${randomUUID()}:` });

  describeLiveBus(open);

  it('leaves nothing subscribed in Redis when an iterator is returned', async () => {
    const prefix = `${redis.prefix}${randomUUID()}:`;
    const bus = createRedisBus({ url: redis.url, prefix });
    const client = redis.connect();
    const iterator = bus.asyncIterableIterator('readings.a');
    const next = iterator.next();
    await eventually(async () => expect(await client.pubsub('CHANNELS', `${prefix}*`)).toEqual([`${prefix}readings.a`]));
    await iterator.return!();
    await eventually(async () => expect(await client.pubsub('CHANNELS', `${prefix}*`)).toEqual([]));
    expect(await next).toMatchObject({ done: true });
    await bus.close();
  });

  it('reaches other processes, and again after Redis was killed; what is published meanwhile is dropped, not queued', async () => {
    const prefix = `${redis.prefix}${randomUUID()}:`;
    const [here, there] = [createRedisBus({ url: redis.url, prefix }), createRedisBus({ url: redis.url, prefix })];
    const heard: string[] = [];
    await there.subscribe('readings.a', (message: string) => heard.push(message));
    await here.publish('readings.a', 'before');
    await eventually(() => expect(heard).toEqual(['before']));
    await redis.stop('SIGKILL');
    await eventually(() => expect(here.ping()).rejects.toThrow());
    await here.publish('readings.a', 'during');
    await redis.start();
    await eventually(async () => {
      await here.publish('readings.a', 'after');
      expect(heard).toContain('after');
    });
    expect(heard).not.toContain('during');
    await Promise.all([here.close(), there.close()]);
  });

  it('closes during an outage without a trace', async () => {
    const bus = open();
    const subscription = await bus.subscribe('readings.a', () => undefined);
    await redis.stop('SIGKILL');
    await eventually(() => expect(bus.ping()).rejects.toThrow());
    bus.unsubscribe(subscription);
    await bus.close();
    await redis.start();
  });
});
