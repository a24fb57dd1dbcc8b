import { PLATFORM_ORGANIZATION_ID, type AuditRecord } from '@pulsegraph/contracts';
import type { AuditSink } from '@pulsegraph/kit/audit';
import type { Log } from '@pulsegraph/kit/log';
import { sqlOf, type Sql } from '@pulsegraph/kit/postgres';
import type { DataSource } from 'typeorm';
import { GENESIS_HASH, linkHash, type ChainPlace, type HashedLink } from './audit-chain.js';
import { AuditRepository, type ChainMarkRow } from './audit.repository.js';
import type { AuditVerifier } from './audit-verifier.js';
import type { ChainSeal } from './chain-seal.js';
import type { EmergencyNotice } from './emergency-notice.js';
import type { PersonKeys } from './person-keys.js';

/** Whose key seals what nobody in particular did. */
export const NOBODY = 'nobody';
const RETENTION_YEARS = 7;

/** What of a record is about a person. */
export interface PersonalPart {
  actorName: string;
  ip: string | null;
}

export interface AuditTrailDeps {
  service: DataSource;
  people: PersonKeys;
  seal: ChainSeal;
  verifier: AuditVerifier;
  notice: EmergencyNotice;
  log: Log;
  now: () => Date;
}

/** Adds to the chains, each record once. */
export class AuditTrailService implements AuditSink {
  private readonly service: DataSource;
  private readonly people: PersonKeys;
  private readonly seal: ChainSeal;

  constructor(private readonly deps: AuditTrailDeps) {
    ({ service: this.service, people: this.people, seal: this.seal } = deps);
  }

  async deliver(records: readonly AuditRecord[]): Promise<void> {
    const byOrganization = new Map<string, AuditRecord[]>();
    for (const record of records) {
      const organizationId = record.organizationId ?? PLATFORM_ORGANIZATION_ID;
      byOrganization.set(organizationId, [...(byOrganization.get(organizationId) ?? []), record]);
    }
    for (const [organizationId, own] of byOrganization) {
      const added = await this.service.transaction((manager) => this.append(sqlOf(manager), organizationId, own));
      this.deps.notice.announce(organizationId, added);
    }
  }

  /** Removes what is older than seven years, up to a place that is verified to be in the chain and kept as its new beginning. */
  async forgetExpired(): Promise<void> {
    const { verifier, log, now } = this.deps;
    const before = now();
    before.setUTCFullYear(before.getUTCFullYear() - RETENTION_YEARS);
    const all = new AuditRepository(sqlOf(this.service));
    for (const organizationId of await all.organizations()) {
      if (!(await all.expiredUntil(organizationId, before))) continue;
      const { valid, firstBrokenId } = await verifier.verify(organizationId);
      if (!valid) {
        log.error({ organizationId, firstBrokenId }, 'An audit trail is broken; nothing of it is removed although it is over');
        continue;
      }
      await this.service.transaction(async (manager) => {
        const chain = new AuditRepository(sqlOf(manager));
        await chain.lock(organizationId);
        const last = await chain.expiredUntil(organizationId, before);
        if (!last) return;
        await chain.setMark('audit_anchor', organizationId, this.seal.seal(organizationId, last));
        await chain.forget(organizationId, last.seq);
      });
    }
  }

  /** After a rotation: ends of chains signed with the newest key. Those that do not hold stay as they are. */
  async resealAll(): Promise<void> {
    for (const organizationId of await new AuditRepository(sqlOf(this.service)).organizations()) {
      await this.service.transaction(async (manager) => {
        const chain = new AuditRepository(sqlOf(manager));
        await chain.lock(organizationId);
        for (const table of ['audit_head', 'audit_anchor'] as const) {
          const mark = await chain.mark(table, organizationId);
          if (mark && this.seal.holds(organizationId, mark))
            await chain.setMark(table, organizationId, this.seal.seal(organizationId, mark));
        }
      });
    }
  }

  /** @returns What was not there yet. */
  private async append(sql: Sql, organizationId: string, records: readonly AuditRecord[]): Promise<AuditRecord[]> {
    const chain = new AuditRepository(sql);
    await chain.lock(organizationId);
    const known = await chain.known(
      organizationId,
      records.map(({ id }) => id),
    );
    const fresh = [...new Map(records.filter(({ id }) => !known.has(id)).map((record) => [record.id, record])).values()];
    if (fresh.length === 0) return [];
    const personIds = [...new Set(fresh.map(({ actorId }) => actorId ?? NOBODY))];
    const keys = await this.people.ensure(sql, organizationId, personIds);
    const head = await chain.mark('audit_head', organizationId);
    let place: ChainPlace = head ?? { seq: 0, hash: GENESIS_HASH };
    const links: HashedLink[] = [];
    for (const record of fresh) {
      const personal: PersonalPart = { actorName: record.actorName, ip: record.ip };
      const link = {
        organizationId,
        seq: place.seq + 1,
        id: record.id,
        at: new Date(record.at).toISOString().replace('Z', '000Z'),
        actorKind: record.actorKind,
        actorId: record.actorId,
        action: record.action,
        subjectType: record.subjectType,
        subjectId: record.subjectId,
        detail: JSON.stringify(record.detail),
        requestId: record.requestId,
        sealed: keys.get(record.actorId ?? NOBODY)!.seal(JSON.stringify(personal), record.id),
      };
      links.push({ ...link, hash: linkHash(place.hash, link) });
      place = links.at(-1)!;
    }
    await chain.append(links);
    await chain.setMark('audit_head', organizationId, this.nextHead(organizationId, head, { seq: place.seq, hash: place.hash }));
    return fresh;
  }

  /** An end that somebody else wrote must not be made good by what comes after it. */
  private nextHead(organizationId: string, head: ChainMarkRow | null, place: ChainPlace): ChainMarkRow {
    if (!head || this.seal.holds(organizationId, head)) return this.seal.seal(organizationId, place);
    this.deps.log.error({ organizationId, seq: head.seq }, 'The end of an audit trail is not as it was written');
    return { ...place, mac: head.mac.startsWith('broken') ? head.mac : `broken after ${head.seq}` };
  }
}
