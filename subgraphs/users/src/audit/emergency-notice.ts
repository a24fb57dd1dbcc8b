import type { AuditRecord } from '@pulsegraph/contracts';
import type { Log } from '@pulsegraph/kit/log';
import type { Mailer } from '@pulsegraph/kit/mail';
import type { DataSource } from 'typeorm';
import { User } from '../user/user.entity.js';

const ACTION = 'openEmergencyAccess';

export interface EmergencyNoticeDeps {
  service: DataSource;
  /** Null where no mail is configured. */
  mailer: Mailer | null;
  log: Log;
}

/** Tells administrators by mail that somebody has opened a patient in an emergency. Neither patient nor reason is in the mail. */
export class EmergencyNotice {
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly deps: EmergencyNoticeDeps) {}

  /** For records that have just come into a trail. Returns at once: a slow mail server must not hold up the trail. */
  announce(organizationId: string, records: readonly AuditRecord[]): void {
    for (const record of records) {
      if (record.action !== ACTION || record.detail.outcome !== 'SUCCEEDED') continue;
      const job = this.send(organizationId, record)
        .catch((error: unknown) =>
          this.deps.log.error({ err: error, auditEventId: record.id }, 'An emergency access was not announced by mail'),
        )
        .finally(() => this.running.delete(job));
      this.running.add(job);
    }
  }

  /** Resolves when all that was announced has been sent or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.running);
  }

  private async send(organizationId: string, { actorName, at, id }: AuditRecord): Promise<void> {
    const { service, mailer, log } = this.deps;
    if (!mailer) return log.warn({ auditEventId: id }, 'An emergency access was opened, and no mail is configured to announce it');
    const administrators = await service.manager.findBy(User, { organizationId, role: 'ADMIN', active: true });
    const text = [
      `${actorName} opened emergency access to a patient at ${at}.`,
      'It lasts for one hour. Patient and reason stand in the list of emergency accesses; what was read stands in the audit trail.',
    ].join('\n\n');
    await Promise.all(administrators.map(({ email }) => mailer.send({ to: email, subject: 'Emergency access to a patient', text })));
  }
}
