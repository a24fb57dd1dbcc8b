import type { Viewer } from '@pulsegraph/contracts';
import { select, type ChangeHub } from '@pulsegraph/kit/change-stream';
import type { CursorCodec } from '@pulsegraph/kit/cursor';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { checkFilter, matchesFilter, type AlertFilter } from '../alert/alert-filter.js';
import { Alert } from '../alert/alert.entity.js';
import type { AlertChangeRecord, AlertChangeStore } from './alert-change.store.js';
import type { AlertChange } from './alert-change.type.js';

/** The only group of writers in an alert cursor: an organization's changes are one sequence. */
const PLACE = 'a';

/** Alert transitions as people follow them. */
export class AlertFeed {
  constructor(
    private readonly hub: ChangeHub<AlertChangeRecord>,
    private readonly store: AlertChangeStore,
    private readonly cursors: CursorCodec,
    private readonly registry: RegistryProjection,
  ) {}

  /**
   * Transitions whose alert matched before or after them, after the cursor or from now on.
   * @throws CURSOR_EXPIRED for a place before the replay window, or one that this organization did not get.
   */
  async follow(viewer: Viewer, filter: AlertFilter, after: string | null): Promise<AsyncIterableIterator<AlertChange>> {
    const { organizationId } = viewer;
    checkFilter(filter, viewer, this.registry);
    const from = after === null ? undefined : (this.cursors.decode(organizationId, after)[PLACE] ?? 0);
    if (from !== undefined) await this.store.readAfter(organizationId, from, 1);
    return select(this.hub.follow(organizationId, from), ({ seq, change: { alert, before, transition, at } }) => {
      const matches = (then: Pick<Alert, 'status' | 'severity'>) => matchesFilter(filter, alert, then, this.registry);
      if (!matches(alert) && !(before && matches(before))) return undefined;
      // A copy: federation writes onto what it resolves, and subscribers share the record.
      return { cursor: this.cursors.encode(organizationId, { [PLACE]: seq }), transition, at, alert: Object.assign(new Alert(), alert) };
    });
  }
}
