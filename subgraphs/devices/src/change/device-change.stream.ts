import { ChangeHub, select } from '@pulsegraph/kit/change-stream';
import { createCursorCodec } from '@pulsegraph/kit/cursor';
import { errors } from '@pulsegraph/kit/errors';
import { busChannel, type Viewer } from '@pulsegraph/contracts';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import { criteriaOf } from '../device/device-criteria.js';
import type { Loaders } from '../loaders.js';
import type { DeviceChangeRepository, CommittedDeviceChange } from './device-change.repository.js';
import { matches, type DeviceCriteria } from './device-filter.js';

export interface DeviceChangeEvent {
  cursor: string;
  deviceId: string;
  change: CommittedDeviceChange['kind'];
  at: Date;
}

export interface DeviceChangeStreamOptions {
  changes: DeviceChangeRepository;
  bus: LiveBus;
  log: Log;
  cursorKeys: readonly string[];
  /** How often the table is asked although no wake-up came, milliseconds. */
  pollMs?: number;
}

const PLACE = 'c';

/** Device changes of one organization, from a cursor or from now on: each once, in commit order. */
export class DeviceChangeStream {
  private readonly hub: ChangeHub<CommittedDeviceChange>;
  private readonly cursors;
  private readonly changes: DeviceChangeRepository;

  constructor({ changes, bus, log, cursorKeys, pollMs }: DeviceChangeStreamOptions) {
    this.changes = changes;
    this.cursors = createCursorCodec('deviceChanged', cursorKeys);
    this.hub = new ChangeHub({
      bus,
      log,
      channelOf: busChannel.devices,
      readAfter: (organizationId, seq, limit) => changes.readAfter(organizationId, seq, limit),
      latestSeq: (organizationId) => changes.latestSeq(organizationId),
      ...(pollMs !== undefined && { pollMs }),
    });
  }

  /**
   * Rejects at once with what is wrong with the request; the stream itself only follows.
   * @throws CURSOR_EXPIRED, NOT_FOUND, FORBIDDEN
   */
  async subscribe(
    viewer: Viewer,
    filter: DeviceCriteria | null | undefined,
    after: string | null | undefined,
    loaders: Loaders,
  ): Promise<AsyncIterableIterator<DeviceChangeEvent>> {
    const criteria = await criteriaOf(viewer, filter, loaders);
    const devices = await Promise.all((filter?.ids ?? []).map((id) => loaders.device.load(id)));
    if (devices.includes(null)) throw errors.notFound('device');
    const { organizationId } = viewer;
    // From now on means from here, not from the consumer's first pull.
    const seq = after == null ? await this.changes.latestSeq(organizationId) : this.placeOf(organizationId, after);
    if (after != null) await this.changes.readAfter(organizationId, seq, 1);
    return select(this.hub.follow(organizationId, seq), ({ seq: place, change }) => {
      const { deviceId, kind, at, before, after: now } = change;
      // What leaves the filter is told too, or the client would go on showing it.
      if (!matches(criteria, deviceId, now) && !(before && matches(criteria, deviceId, before))) return undefined;
      // One context serves the whole subscription: what was read for the last event is old.
      loaders.clear();
      return { cursor: this.cursors.encode(organizationId, { [PLACE]: place }), deviceId, change: kind, at };
    });
  }

  private placeOf(organizationId: string, cursor: string): number {
    const seq = this.cursors.decode(organizationId, cursor)[PLACE];
    if (seq === undefined) throw errors.cursorExpired();
    return seq;
  }
}
