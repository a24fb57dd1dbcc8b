import type { ChangeWakeUp } from '@pulsegraph/contracts';
import type { LiveBus } from '../live-bus/index.js';
import type { Log } from '../log/index.js';

/** A committed change with its place; `seq` grows in commit order within an organization. */
export interface Change<T> {
  seq: number;
  change: T;
}

export interface ChangeHubOptions<T> {
  bus: LiveBus;
  /** The channel of an organization's `ChangeWakeUp`s. */
  channelOf: (organizationId: string) => string;
  /** At most `limit` changes after `seq`, in order. */
  readAfter: (organizationId: string, seq: number, limit: number) => Promise<Change<T>[]>;
  /** The place of the newest change, 0 when there is none. */
  latestSeq: (organizationId: string) => Promise<number>;
  log: Log;
  /** The bus may lose a wake-up; the table is asked this often regardless. */
  pollMs?: number;
}

/** How a consumer's return reaches its generator while that waits. */
interface End {
  reached: boolean;
  wake: () => void;
}

const RING_SIZE = 1_000;
const READ_LIMIT = 500;

/**
 * Follows tables of commit-ordered changes for any number of subscribers: one reader per organization, a small ring that
 * they share, and the table for whoever is further behind. No subscriber has a buffer, so a slow one costs nothing.
 */
export class ChangeHub<T> {
  private readonly followers = new Map<string, OrganizationFollower<T>>();

  constructor(private readonly options: ChangeHubOptions<T>) {}

  /**
   * Every change after `afterSeq` (default: from now on), once and in order, until the consumer returns. Returning takes
   * effect at once, also while nothing happens: a generator alone would hold its place until the next change.
   */
  follow(organizationId: string, afterSeq?: number): AsyncGenerator<Change<T>, void, undefined> {
    const end = { reached: false, wake: () => undefined as void };
    const changes = this.changes(organizationId, afterSeq, end);
    const finish = changes.return.bind(changes);
    changes.return = (value) => {
      end.reached = true;
      end.wake();
      return finish(value);
    };
    return changes;
  }

  private async *changes(organizationId: string, afterSeq: number | undefined, end: End): AsyncGenerator<Change<T>, void, undefined> {
    const follower = await this.join(organizationId);
    try {
      let seq = afterSeq ?? follower.seq;
      while (!end.reached) {
        const changes = follower.recentAfter(seq) ?? (await this.options.readAfter(organizationId, seq, READ_LIMIT));
        for (const change of changes) {
          seq = change.seq;
          yield change;
        }
        if (changes.length === 0 && !end.reached) await follower.changedAfter(seq, end);
      }
    } finally {
      this.leave(organizationId, follower);
    }
  }

  private async join(organizationId: string): Promise<OrganizationFollower<T>> {
    let follower = this.followers.get(organizationId);
    if (!follower) {
      follower = new OrganizationFollower(organizationId, this.options);
      this.followers.set(organizationId, follower);
    }
    follower.subscribers++;
    try {
      await follower.started;
    } catch (error) {
      this.leave(organizationId, follower);
      throw error;
    }
    return follower;
  }

  private leave(organizationId: string, follower: OrganizationFollower<T>): void {
    if (--follower.subscribers > 0) return;
    if (this.followers.get(organizationId) === follower) this.followers.delete(organizationId);
    follower.stop();
  }
}

class OrganizationFollower<T> {
  subscribers = 0;
  seq = 0;
  readonly started: Promise<void>;
  /** Contiguous from `ringFrom` (exclusive) to `seq`. */
  private ring: Change<T>[] = [];
  private ringFrom = 0;
  private waiting: (() => void)[] = [];
  private reading = false;
  private readAgain = false;
  private stopped = false;
  private subscription: Promise<number> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly organizationId: string,
    private readonly options: ChangeHubOptions<T>,
  ) {
    this.started = this.start();
  }

  /** Changes after `seq` when the ring reaches back that far, undefined otherwise. */
  recentAfter(seq: number): Change<T>[] | undefined {
    if (seq < this.ringFrom) return undefined;
    return this.ring.filter((change) => change.seq > seq);
  }

  changedAfter(seq: number, end: End): Promise<void> {
    if (this.seq > seq || this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      end.wake = () => {
        this.waiting = this.waiting.filter((waiting) => waiting !== resolve);
        resolve();
      };
      this.waiting.push(resolve);
    });
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.wakeAll();
    void this.subscription?.then((id) => this.options.bus.unsubscribe(id)).catch(() => undefined);
  }

  private async start(): Promise<void> {
    // Subscribe before asking where the table stands: what commits in between is then read, not missed.
    this.subscription = this.options.bus.subscribe(this.options.channelOf(this.organizationId), (wakeUp: ChangeWakeUp) => {
      if (wakeUp.seq > this.seq) void this.read();
    });
    await this.subscription;
    this.seq = this.ringFrom = await this.options.latestSeq(this.organizationId);
    this.timer = setInterval(() => void this.read(), this.options.pollMs ?? 5_000);
    this.timer.unref();
  }

  private async read(): Promise<void> {
    if (this.reading) {
      this.readAgain = true;
      return;
    }
    this.reading = true;
    try {
      let changes: Change<T>[];
      do {
        this.readAgain = false;
        changes = await this.options.readAfter(this.organizationId, this.seq, READ_LIMIT);
        this.accept(changes);
      } while (!this.stopped && (changes.length === READ_LIMIT || this.readAgain));
    } catch (error) {
      this.options.log.warn({ err: error, organizationId: this.organizationId }, 'Reading changes failed; the next poll tries again');
    } finally {
      this.reading = false;
    }
  }

  private accept(changes: Change<T>[]): void {
    if (changes.length === 0) return;
    this.ring.push(...changes);
    this.seq = this.ring.at(-1)!.seq;
    const surplus = this.ring.length - RING_SIZE;
    if (surplus > 0) this.ringFrom = this.ring.splice(0, surplus).at(-1)!.seq;
    this.wakeAll();
  }

  private wakeAll(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}
