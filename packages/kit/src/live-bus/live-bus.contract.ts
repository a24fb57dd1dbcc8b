import { eventually } from '@pulsegraph/testkit';
import type { LiveBus } from './live-bus.js';

/** What every bus promises. `open` gives one that shares nothing with the bus before it. */
export function describeLiveBus(open: () => LiveBus): void {
  let bus: LiveBus;
  beforeEach(async () => {
    bus = open();
    await bus.ping();
  });
  afterEach(() => bus.close());

  const listen = async (channel: string) => {
    const heard: unknown[] = [];
    const subscription = await bus.subscribe(channel, (message) => heard.push(message));
    return { heard, end: () => bus.unsubscribe(subscription) };
  };

  it('hands each message of a channel to all who listen there, in order', async () => {
    const [one, two, elsewhere] = [await listen('readings.a'), await listen('readings.a'), await listen('readings.b')];
    const sent = Array.from({ length: 100 }, (_, seq) => ({ seq, nested: { text: 'ä', none: null } }));
    await Promise.all(sent.map((message) => bus.publish('readings.a', message)));
    await eventually(() => expect(two.heard).toHaveLength(100));
    expect(one.heard).toEqual(sent);
    expect(two.heard).toEqual(sent);
    expect(elsewhere.heard).toEqual([]);
  });

  it('stops handing over after unsubscribing, without ending the others', async () => {
    const [leaving, staying] = [await listen('readings.a'), await listen('readings.a')];
    await bus.publish('readings.a', 1);
    await eventually(() => expect(staying.heard).toEqual([1]));
    leaving.end();
    await bus.publish('readings.a', 2);
    await eventually(() => expect(staying.heard).toEqual([1, 2]));
    expect(leaving.heard).toEqual([1]);
  });

  it('gives the messages of several channels as one iterator, until it is returned', async () => {
    const iterator = bus.asyncIterableIterator<string>(['readings.a', 'readings.b']);
    // On the same connection, and of the channel that was asked for last: when this one stands, so do the iterator's.
    const after = await listen('readings.b');
    await bus.publish('readings.b', 'one');
    await bus.publish('readings.a', 'two');
    await eventually(() => expect(after.heard).toEqual(['one']));
    expect([await iterator.next(), await iterator.next()].map(({ value }) => value as unknown)).toEqual(['one', 'two']);
    const waiting = iterator.next();
    await iterator.return!();
    expect(await waiting).toMatchObject({ done: true });
    await bus.publish('readings.a', 'three');
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  it('carries thousands of listeners on one channel without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const listeners = await Promise.all(Array.from({ length: 2_000 }, () => listen('readings.a')));
    await bus.publish('readings.a', 'all');
    await eventually(() => expect(listeners.every(({ heard }) => heard.length === 1)).toBe(true));
    for (const listener of listeners) listener.end();
    process.off('warning', onWarning);
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
  });
}
