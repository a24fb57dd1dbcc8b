import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { CursorCodec } from '@pulsegraph/kit/cursor';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { placeOf, type BatchPlace } from './batch-place.js';
import { liveIterator, type LiveSource } from './live-iterator.js';
import { NewestPerInterval } from './newest-per-interval.js';
import { OrganizationStream } from './organization-stream.js';
import { createReadingFilter } from './reading-filter.js';
import { checkCriteria, type ReadingFilterArguments } from './reading-criteria.js';
import type { StoredBatchRepository } from './stored-batch.repository.js';
import { Subscriber, type ReadingEvent } from './subscriber.js';

const MAX_RATE = 1_000;

export interface ReadingStreamOptions {
  repository: StoredBatchRepository;
  bus: LiveBus;
  projection: RegistryProjection;
  cursors: CursorCodec;
  log: Log;
}

/** Stored readings as they arrive, for any number of listeners. */
export class ReadingStream {
  private readonly streams = new Map<string, { stream: OrganizationStream; listeners: number }>();
  /** Listeners at one place share its cursor: signing costs as much as delivering. */
  private readonly cursorByPlace = new WeakMap<BatchPlace, string>();

  constructor(private readonly options: ReadingStreamOptions) {}

  /**
   * @param after A cursor: first everything since then.
   * @param maxRate Events per second; then only the newest reading per device and metric of each interval.
   * @throws BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, CURSOR_EXPIRED before the first event.
   */
  async subscribe(
    viewer: Viewer,
    filter: ReadingFilterArguments,
    after: string | null | undefined,
    maxRate: number | null | undefined,
  ): Promise<AsyncIterableIterator<ReadingEvent, void, undefined>> {
    if (maxRate != null && (maxRate < 1 || maxRate > MAX_RATE)) throw errors.badUserInput('maxRate', `must lie between 1 and ${MAX_RATE}`);
    const { cursors, projection } = this.options;
    const { organizationId } = viewer;
    const criteria = await checkCriteria(viewer, filter, projection);
    const from = after == null ? null : placeOf(cursors.decode(organizationId, after));
    const { stream, leave } = await this.join(organizationId);
    const subscriber = new Subscriber(
      stream,
      createReadingFilter(criteria, projection),
      criteria.deviceIds ?? null,
      from ?? stream.end,
      leave,
    );
    try {
      // An expired cursor is then the operation's answer, not the end of a stream that had begun.
      await subscriber.catchUp();
    } catch (error) {
      subscriber.close();
      throw error;
    }
    const source: LiveSource<ReadingEvent> = maxRate == null ? subscriber : new NewestPerInterval(subscriber, 1_000 / maxRate);
    return liveIterator(source);
  }

  cursorOf(organizationId: string, place: BatchPlace): string {
    let cursor = this.cursorByPlace.get(place);
    if (cursor === undefined) {
      cursor = this.options.cursors.encode(organizationId, Object.fromEntries(place));
      this.cursorByPlace.set(place, cursor);
    }
    return cursor;
  }

  stop(): void {
    for (const { stream } of this.streams.values()) stream.stop();
    this.streams.clear();
  }

  private async join(organizationId: string) {
    let entry = this.streams.get(organizationId);
    if (!entry) {
      const { repository, bus, log } = this.options;
      entry = { stream: new OrganizationStream(organizationId, repository, bus, log), listeners: 0 };
      this.streams.set(organizationId, entry);
    }
    const joined = entry;
    joined.listeners++;
    const leave = () => {
      if (--joined.listeners > 0) return;
      if (this.streams.get(organizationId) === joined) this.streams.delete(organizationId);
      joined.stream.stop();
    };
    try {
      await joined.stream.started;
    } catch (error) {
      leave();
      throw error;
    }
    return { stream: joined.stream, leave };
  }
}
