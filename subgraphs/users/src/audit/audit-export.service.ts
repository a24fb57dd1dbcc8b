import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { sqlOf } from '@pulsegraph/kit/postgres';
import { requirePermission } from '@pulsegraph/kit/viewer';
import type { DataSource } from 'typeorm';
import { GENESIS_HASH } from './audit-chain.js';
import { AuditRepository } from './audit.repository.js';
import type { ExportSigner } from './export-signer.js';
import { NOBODY } from './audit-trail.service.js';
import type { PersonKeys } from './person-keys.js';

export const EXPORT_PART_EVENTS = 5_000;

/** A part of a trail that stands for itself: see docs/guides/verify-audit-export.md. */
export interface AuditExportPart {
  content: string;
  signature: string;
  publicKey: string;
  nextAfter: number | null;
}

/** Hands a trail to somebody who need not trust us: the chain as it is, and our signature under it. */
export class AuditExportService {
  constructor(
    private readonly service: DataSource,
    private readonly people: PersonKeys,
    private readonly signer: ExportSigner,
    private readonly now: () => Date,
  ) {}

  /** @param after `nextAfter` of the part before. */
  async part(viewer: Viewer | null, after: number | null): Promise<AuditExportPart> {
    const { organizationId, organizationKey } = requirePermission(viewer, 'users:manage');
    if (after !== null && (!Number.isSafeInteger(after) || after < 0))
      throw errors.badUserInput('after', 'must be nextAfter of another part');
    const chain = new AuditRepository(sqlOf(this.service));
    const anchor = (await chain.mark('audit_anchor', organizationId)) ?? { seq: 0, hash: GENESIS_HASH };
    const from = Math.max(after ?? 0, anchor.seq);
    const [before] = from > anchor.seq ? await chain.linksAfter(organizationId, from - 1, 1) : [];
    const links = await chain.linksAfter(organizationId, from, EXPORT_PART_EVENTS);
    const keys = await this.people.find(organizationId, [...new Set(links.map(({ actorId }) => actorId ?? NOBODY))]);
    const header = {
      format: 'pulsegraph-audit-export/1',
      organizationId,
      organizationKey,
      exportedAt: this.now().toISOString(),
      previousHash: before?.hash ?? anchor.hash,
      count: links.length,
    };
    const lines = links.map((link) => {
      const key = keys.get(link.actorId ?? NOBODY);
      // Beside the chain, not in it: what erasure takes away. The signature vouches for it.
      return JSON.stringify({ ...link, opened: key ? (JSON.parse(key.open(link.sealed, link.id)) as unknown) : null });
    });
    const content = [JSON.stringify(header), ...lines, ''].join('\n');
    const nextAfter = links.length === EXPORT_PART_EVENTS ? links.at(-1)!.seq : null;
    return { content, ...(await this.signer.sign(content)), nextAfter };
  }
}
