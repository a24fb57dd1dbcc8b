import { isUuid, type AlertStatus, type AlertTransition, type Severity, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { requireSubject } from '@pulsegraph/kit/viewer';
import type { EntityManager } from 'typeorm';
import type { Announcer } from '../announce.js';
import { recordTransitions } from '../alert-change/record-transitions.js';
import { alertErrors } from '../errors.js';
import { sqlOfManager } from '../sql.js';
import { Alert } from './alert.entity.js';
import type { AlertRepository } from './alert.repository.js';

const MAX_NOTE_LENGTH = 2_000;

interface Before {
  status: AlertStatus;
  severity: Severity;
}

/** What people do with alerts. Between two of them the row's lock decides; the other is told. */
export class AlertService {
  constructor(
    private readonly alerts: AlertRepository,
    private readonly announcer: Announcer,
    private readonly now: () => number = Date.now,
  ) {}

  /** @throws NOT_FOUND, ALERT_ALREADY_ACKNOWLEDGED, ALERT_ALREADY_RESOLVED */
  acknowledge(viewer: Viewer, id: string, note: string | null): Promise<Alert> {
    return this.change(viewer, id, 'ACKNOWLEDGED', checkedNote(note), async (manager, before, at) => {
      if (before.status === 'RESOLVED') throw alertErrors.alreadyResolved();
      if (before.status === 'ACKNOWLEDGED') throw alertErrors.alreadyAcknowledged(await lastAcknowledger(manager, id));
      await sqlOfManager(manager)(
        `update alert set status = 'ACKNOWLEDGED', acknowledged_at = $2, acknowledged_by = $3, event_count = event_count + 1 where id = $1`,
        [id, at, personOf(viewer)],
      );
    });
  }

  /** @throws NOT_FOUND, ALERT_ALREADY_RESOLVED */
  resolve(viewer: Viewer, id: string, note: string | null): Promise<Alert> {
    return this.change(viewer, id, 'RESOLVED', checkedNote(note), async (manager, before, at) => {
      if (before.status === 'RESOLVED') throw alertErrors.alreadyResolved();
      await sqlOfManager(manager)(`update alert set status = 'RESOLVED', resolved_at = $2, event_count = event_count + 1 where id = $1`, [
        id,
        at,
      ]);
    });
  }

  /** @throws NOT_FOUND, BAD_USER_INPUT for an empty or over-long text */
  comment(viewer: Viewer, id: string, text: string): Promise<Alert> {
    const note = checkedNote(text, 'text');
    if (!note) throw errors.badUserInput('text', 'must not be empty');
    return this.change(viewer, id, 'COMMENTED', note, async (manager) => {
      await sqlOfManager(manager)('update alert set event_count = event_count + 1 where id = $1', [id]);
    });
  }

  private async change(
    viewer: Viewer,
    id: string,
    transition: AlertTransition,
    note: string | null,
    apply: (manager: EntityManager, before: Before, at: Date) => Promise<void>,
  ): Promise<Alert> {
    const { name } = requireSubject(viewer);
    if (!isUuid(id)) throw errors.notFound('alert');
    const { organizationId } = viewer;
    const { alert, seq } = await this.alerts.within(organizationId, async (manager) => {
      const sql = sqlOfManager(manager);
      const [before] = await sql<Before>('select status, severity from alert where id = $1 for update', [id]);
      if (!before) throw errors.notFound('alert');
      const atMs = this.now();
      await apply(manager, before, new Date(atMs));
      const by = { id: personOf(viewer), name };
      const newest = await recordTransitions(sql, organizationId, atMs, [{ alertId: id, transition, before, by, note, value: null }]);
      return { alert: await manager.findOneByOrFail(Alert, { id }), seq: newest };
    });
    this.announcer.changes(organizationId, seq, [transition]);
    return alert;
  }
}

/** A person's id; an API key is nobody in the graph, and stands in the history by name alone. */
const personOf = ({ subject }: Viewer) => (subject?.kind === 'USER' ? subject.id : null);

function checkedNote(note: string | null, path = 'note'): string | null {
  const text = note?.trim() ?? '';
  if (text.length > MAX_NOTE_LENGTH) throw errors.badUserInput(path, `must have at most ${MAX_NOTE_LENGTH} characters`);
  return text === '' ? null : text;
}

async function lastAcknowledger(manager: EntityManager, alertId: string): Promise<string | null> {
  const [last] = await sqlOfManager(manager)<{ by_name: string | null }>(
    `select by_name from alert_event where alert_id = $1 and transition = 'ACKNOWLEDGED' order by no desc limit 1`,
    [alertId],
  );
  return last?.by_name ?? null;
}
