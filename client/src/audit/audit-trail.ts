import { Component, effect, inject, input, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import { Attempt } from '../core/attempt';
import { debounced } from '../core/debounced';
import { formatCount, words } from '../core/format';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { ADMIN_TABS } from '../core/sections';
import { Instant } from '../ui/instant';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import {
  AuditEventsDocument,
  ExportAuditTrailDocument,
  VerifyAuditTrailDocument,
  type AuditEventsQuery,
  type ExportAuditTrailQuery,
  type VerifyAuditTrailQuery,
} from './audit-trail.generated';
import { saveFile } from './save-file';

type AuditEvent = AuditEventsQuery['auditEvents']['nodes'][number];
const PAGE = 50;
const SEARCH_AFTER_MS = 300;

/** Who did what, and that nobody has rewritten it; for administrators. */
@Component({
  selector: 'pg-audit-trail',
  imports: [Instant, Notice, Paging, SectionTabs],
  templateUrl: './audit-trail.html',
  styleUrl: './audit-trail.css',
})
export class AuditTrail {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  /** From the address. */
  readonly action = input<string>();
  readonly subject = input<string>();
  readonly from = input<string>();
  readonly to = input<string>();

  protected readonly tabs = ADMIN_TABS;
  protected readonly words = words;
  protected readonly formatCount = formatCount;
  protected readonly list = new PagedList<AuditEvent>(async (after, signal) => {
    const filter = { action: this.action() || null, subjectType: this.subject() || null, from: day(this.from(), 0), to: day(this.to(), 1) };
    return (await this.graph.query(AuditEventsDocument, { first: PAGE, after, filter }, signal)).data.auditEvents;
  });
  protected readonly verifying = new Attempt();
  protected readonly exporting = new Attempt();
  protected readonly verdict = signal<VerifyAuditTrailQuery['verifyAuditTrail'] | null>(null);
  protected readonly exported = signal('');
  protected readonly narrowSoon = debounced(SEARCH_AFTER_MS, (query: Record<string, string>) => this.narrow(query));

  constructor() {
    effect(() => {
      this.action();
      this.subject();
      this.from();
      this.to();
      untracked(() => void this.list.load());
    });
  }

  protected narrow(query: Record<string, string>): void {
    const queryParams = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value.trim() || null]));
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }

  /** `REFUSED`, with its code where there is one. */
  protected outcome({ detail }: AuditEvent): { text: string; went: boolean } {
    const { outcome, code } = (detail ?? {}) as { outcome?: string; code?: string };
    const went = outcome === undefined || outcome === 'SUCCEEDED';
    return { text: went ? '' : `${words(outcome)}${code ? `, ${code}` : ''}`, went };
  }

  protected details({ detail, hash, requestId }: AuditEvent): string {
    return JSON.stringify({ ...(detail as object), requestId, hash }, null, 2);
  }

  protected async verify(): Promise<void> {
    this.verdict.set(null);
    await this.verifying.run(async () => this.verdict.set((await this.graph.query(VerifyAuditTrailDocument, {})).data.verifyAuditTrail));
  }

  /** Each part as a file of its own, as the script that verifies them takes them. */
  protected async export(): Promise<void> {
    this.exported.set('');
    await this.exporting.run(async () => {
      let after: number | null = null;
      let part = 0;
      do {
        const answer: ExportAuditTrailQuery['exportAuditTrail'] = (await this.graph.query(ExportAuditTrailDocument, { after })).data
          .exportAuditTrail;
        saveFile(`audit-trail-${++part}.json`, JSON.stringify(answer));
        after = answer.nextAfter;
      } while (after !== null);
      this.exported.set(part === 1 ? 'One file saved.' : `${part} files saved.`);
    });
  }
}

/** A day of the calendar as the instant at which it begins, or `plus` days later; local time. */
function day(date: string | undefined, plus: number): string | null {
  const [year, month, dayOfMonth] = (date ?? '').split('-').map(Number);
  const at = new Date(year ?? NaN, (month ?? NaN) - 1, (dayOfMonth ?? NaN) + plus);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
