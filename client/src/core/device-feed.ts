import { effect, inject, Injectable, signal, untracked } from '@angular/core';
import { Subject, type Subscription } from 'rxjs';
import {
  DeviceChangesDocument,
  FleetStatusDocument,
  type DeviceChangesSubscription,
  type FleetStatusQuery,
} from './device-changes.generated';
import { Connection } from './connection';
import { hasCode } from './faults';
import { Graph } from './graph';
import { Session } from './session';

export type DeviceChange = DeviceChangesSubscription['deviceChanged'];

const COUNT_AGAIN_MS = 500;

/** Devices that come, go, connect and disconnect, and how many of each there are. */
@Injectable({ providedIn: 'root' })
export class DeviceFeed {
  private readonly graph = inject(Graph);
  private readonly session = inject(Session);
  private subscription: Subscription | undefined;
  private countTimer: ReturnType<typeof setTimeout> | undefined;

  readonly changes = new Subject<DeviceChange>();
  readonly fleet = signal<FleetStatusQuery['fleetStatus'] | null>(null);

  constructor() {
    const connection = inject(Connection);
    effect(() => {
      const signedIn = this.session.state() === 'signed-in';
      this.session.generation();
      untracked(() => this.restart(signedIn));
    });
    effect(() => {
      if (connection.reopened() > 0) untracked(() => this.countSoon());
    });
  }

  private restart(signedIn: boolean): void {
    this.subscription?.unsubscribe();
    this.subscription = undefined;
    this.fleet.set(null);
    if (!signedIn) return;
    this.countSoon();
    this.subscription = this.graph.live(DeviceChangesDocument, {}).subscribe({
      next: ({ deviceChanged }) => {
        this.changes.next(deviceChanged);
        this.countSoon();
      },
      error: (error: unknown) => {
        if (hasCode(error, 'CURSOR_EXPIRED')) this.restart(true);
      },
    });
  }

  private countSoon(): void {
    this.countTimer ??= setTimeout(() => {
      this.countTimer = undefined;
      if (this.session.state() !== 'signed-in') return;
      this.graph.query(FleetStatusDocument, {}).then(
        ({ data }) => this.fleet.set(data.fleetStatus),
        () => undefined, // As in the alert feed.
      );
    }, COUNT_AGAIN_MS);
  }
}
