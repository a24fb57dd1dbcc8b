import { TestBed } from '@angular/core/testing';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { Observable, type Subscriber } from 'rxjs';
import { Graph } from '../core/graph';
import { ReadingsFeed } from './readings-feed';

const MINUTE = 60_000;
const reading = (value: number) => ({
  deviceId: 'd',
  metric: 'm',
  value,
  text: null,
  unit: '1',
  recordedAt: '2026-01-01T00:00:00.000Z',
  quality: 'GOOD',
});

describe('ReadingsFeed', () => {
  let opened: { variables: { after: string | null }; subscriber: Subscriber<unknown>; closed: boolean }[];
  let feed: ReadingsFeed;
  let restarts: number;

  const look = (hidden: boolean): void => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden);
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const emit = (cursor: string, value: number): void =>
    opened.at(-1)!.subscriber.next({ readings: { cursor, readings: [reading(value)] } });

  beforeEach(() => {
    vi.useFakeTimers();
    opened = [];
    restarts = 0;
    const graph: Pick<Graph, 'live'> = {
      live: ((_document: unknown, variables: { after: string | null }) =>
        new Observable((subscriber) => {
          const entry = { variables, subscriber, closed: false };
          opened.push(entry);
          return () => void (entry.closed = true);
        })) as never,
    };
    TestBed.configureTestingModule({ providers: [ReadingsFeed, { provide: Graph, useValue: graph }] });
    feed = TestBed.inject(ReadingsFeed);
    feed.restarted.subscribe(() => restarts++);
    feed.watch({ deviceIds: ['d'] }, null);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('rests in a tab that nobody looks at, and continues where it was', () => {
    emit('c1', 1);
    look(true);
    vi.advanceTimersByTime(4 * MINUTE);
    expect(opened.at(-1)!.closed).toBe(false);
    vi.advanceTimersByTime(2 * MINUTE);
    expect(opened.at(-1)!.closed).toBe(true);
    look(false);
    expect(opened).toHaveLength(2);
    expect(opened.at(-1)!.variables.after).toBe('c1');
    expect(restarts).toBe(0);
  });

  it('starts afresh after a long rest, and says that history must be read', () => {
    emit('c1', 1);
    look(true);
    vi.advanceTimersByTime(60 * MINUTE);
    look(false);
    expect(opened.at(-1)!.variables.after).toBeNull();
    expect(restarts).toBe(1);
  });

  it('goes on through a short glance elsewhere', () => {
    look(true);
    vi.advanceTimersByTime(MINUTE);
    look(false);
    vi.advanceTimersByTime(10 * MINUTE);
    expect(opened).toHaveLength(1);
    expect(opened[0]!.closed).toBe(false);
  });

  it('starts afresh when its cursor is too old', () => {
    emit('c1', 1);
    opened.at(-1)!.subscriber.error(new CombinedGraphQLErrors({ errors: [{ message: '', extensions: { code: 'CURSOR_EXPIRED' } }] }));
    expect(opened).toHaveLength(2);
    expect(opened.at(-1)!.variables.after).toBeNull();
    expect(restarts).toBe(1);
  });
});
