import { isUuid, type AlertStatus, type ErrorCode, type AlertTransition, type Severity, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { requireSubject } from '@pulsegraph/kit/viewer';
import { In, type EntityManager } from 'typeorm';
import type { Announcer } from '../announce.js';
import { recordTransitions } from '../alert-change/record-transitions.js';
import { alertErrors } from '../errors.js';
import { sqlOfManager } from '../sql.js';
import { Alert } from './alert.entity.js';
import type { AlertRepository } from './alert.repository.js';

const MAX_NOTE_LENGTH = 2_000;

const MAX_BULK = 500;

export interface BulkOutcome {
  acknowledged: Alert[];
  refused: { id: string; code: ErrorCode }[];
}

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
        `update alert set status = 'ACKNOWLEDGED', acknowledged_at = $2, acknowledged_by = $3, escalate_at = null, event_count = event_count + 1 where id = $1`,
        [id, at, personOf(viewer)],
      );
    });
  }

  /** @throws NOT_FOUND, ALERT_ALREADY_RESOLVED */
  resolve(viewer: Viewer, id: string, note: string | null): Promise<Alert> {
    return this.change(viewer, id, 'RESOLVED', checkedNote(note), async (manager, before, at) => {
      if (before.status === 'RESOLVED') throw alertErrors.alreadyResolved();
      await sqlOfManager(manager)(
        `update alert set status = 'RESOLVED', resolved_at = $2, escalate_at = null, event_count = event_count + 1 where id = $1`,
        [id, at],
      );
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

  /**
   * Each by itself: those that could be are acknowledged, the others come back with the code that refused them.
   * @throws BAD_USER_INPUT for more than 500
   */
  async acknowledgeMany(viewer: Viewer, ids: readonly string[], givenNote: string | null): Promise<BulkOutcome> {
    const { name } = requireSubject(viewer);
    const note = checkedNote(givenNote);
    const unique = [...new Set(ids)];
    if (unique.length > MAX_BULK) throw errors.badUserInput('ids', `must name at most ${MAX_BULK} alerts`);
    const { organizationId } = viewer;
    const by = { id: personOf(viewer), name };
    const outcome = await this.alerts.within(organizationId, async (manager) => {
      const sql = sqlOfManager(manager);
      const rows = await sql<Before & { id: string }>('select id, status, severity from alert where id = any($1) order by id for update', [
        unique.filter(isUuid),
      ]);
      const found = new Map(rows.map((row) => [row.id, row]));
      const open = rows.filter(({ status }) => status === 'TRIGGERED' || status === 'ESCALATED');
      const openIds = new Set(open.map(({ id }) => id));
      const refused = unique.filter((id) => !openIds.has(id)).map((id) => ({ id, code: refusalOf(found.get(id)) }));
      if (open.length === 0) return { acknowledged: [], refused, seq: 0 };
      const atMs = this.now();
      await sql(
        `update alert set status = 'ACKNOWLEDGED', acknowledged_at = $2, acknowledged_by = $3, escalate_at = null, event_count = event_count + 1
         where id = any($1)`,
        [[...openIds], new Date(atMs), by.id],
      );
      const seq = await recordTransitions(
        sql,
        organizationId,
        atMs,
        open.map(({ id, ...before }) => ({ alertId: id, transition: 'ACKNOWLEDGED', before, by, note, value: null })),
      );
      const changed = new Map((await manager.findBy(Alert, { id: In([...openIds]) })).map((alert) => [alert.id, alert]));
      return { acknowledged: unique.flatMap((id) => changed.get(id) ?? []), refused, seq };
    });
    if (outcome.seq > 0)
      this.announcer.changes(
        organizationId,
        outcome.seq,
        outcome.acknowledged.map(() => 'ACKNOWLEDGED'),
      );
    return outcome;
  }

  /** @param userId Null: nobody. @throws NOT_FOUND, also for an id that is none; ALERT_ALREADY_RESOLVED */
  async assign(viewer: Viewer, id: string, userId: string | null): Promise<Alert> {
    if (userId !== null && !isUuid(userId)) throw errors.notFound('user');
    const name = userId === viewer.subject?.id ? viewer.subject?.name : undefined;
    return this.change(viewer, id, 'ASSIGNED', name ?? userId, async (manager, before) => {
      if (before.status === 'RESOLVED') throw alertErrors.alreadyResolved();
      await sqlOfManager(manager)('update alert set assignee_id = $2, event_count = event_count + 1 where id = $1', [id, userId]);
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

function refusalOf(found: Before | undefined): ErrorCode {
  if (!found) return 'NOT_FOUND';
  return found.status === 'RESOLVED' ? 'ALERT_ALREADY_RESOLVED' : 'ALERT_ALREADY_ACKNOWLEDGED';
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
