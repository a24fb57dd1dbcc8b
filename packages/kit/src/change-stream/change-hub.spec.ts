import { silentLog } from '../log/index.js';
import type { LiveBus } from '../live-bus/index.js';
import { ChangeHub, select } from './index.js';

const ORGANIZATION = '0190a000-0000-7000-8000-000000000001';

function aHub() {
  const table: { seq: number; change: string }[] = [];
  const listeners = new Map<number, (wakeUp: never) => void>();
  const bus = {
    subscribe: async (_channel: string, listener: (wakeUp: never) => void) => {
      listeners.set(1, listener);
      return 1;
    },
    unsubscribe: (id: number) => void listeners.delete(id),
  } as unknown as LiveBus;
  const hub = new ChangeHub<string>({
    bus,
    channelOf: (id) => id,
    readAfter: async (_organization, seq, limit) => table.filter((row) => row.seq > seq).slice(0, limit),
    latestSeq: async () => table.length,
    log: silentLog,
  });
  const commit = (change: string) => {
    table.push({ seq: table.length + 1, change });
    for (const listener of listeners.values()) listener({ seq: table.length } as never);
  };
  return { hub, commit, listeners };
}

it('continues after a place, then goes on live, each change once', async () => {
  const { hub, commit } = aHub();
  for (const change of ['a', 'b', 'c']) commit(change);
  const changes = hub.follow(ORGANIZATION, 1);
  const heard = [(await changes.next()).value, (await changes.next()).value];
  const live = changes.next();
  commit('d');
  expect([...heard, (await live).value]).toEqual([
    { seq: 2, change: 'b' },
    { seq: 3, change: 'c' },
    { seq: 4, change: 'd' },
  ]);
});

it('lets go of a quiet stream at once, also through a selection', async () => {
  const { hub, listeners } = aHub();
  const selected = select(hub.follow(ORGANIZATION), ({ change }) => (change === 'wanted' ? change : undefined));
  const waiting = selected.next();
  await new Promise((resolve) => setImmediate(resolve));
  expect(listeners.size).toBe(1);
  await selected.return!();
  expect(await waiting).toEqual({ done: true, value: undefined });
  await new Promise((resolve) => setImmediate(resolve));
  expect(listeners.size).toBe(0);
});
