import { Component, inject, signal } from '@angular/core';
import { ROLES, type Role } from '@pulsegraph/contracts';
import { Attempt } from '../core/attempt';
import { Clock } from '../core/clock';
import { words } from '../core/format';
import { formOf, number, text } from '../core/form-values';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { Age } from '../ui/age';
import { Confirm } from '../ui/confirm';
import { CopyText } from '../ui/copy-text';
import { Instant } from '../ui/instant';
import { Modal } from '../ui/modal';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import { ADMIN_TABS } from '../core/sections';
import { ApiKeysDocument, CreateApiKeyDocument, RevokeApiKeyDocument, type ApiKeyPartsFragment } from './api-keys.generated';

const PAGE = 50;
const DAY_MS = 86_400_000;

/** What programs sign in with; for administrators. */
@Component({
  selector: 'pg-api-keys',
  imports: [Age, Confirm, CopyText, Instant, Modal, Notice, Paging, SectionTabs],
  templateUrl: './api-keys.html',
  styleUrl: './user-list.css',
})
export class ApiKeys {
  private readonly graph = inject(Graph);
  private readonly clock = inject(Clock);
  protected readonly tabs = ADMIN_TABS;
  protected readonly roles = ROLES;
  protected readonly words = words;
  protected readonly list = new PagedList<ApiKeyPartsFragment>(
    async (after, signal) => (await this.graph.query(ApiKeysDocument, { first: PAGE, after }, signal)).data.apiKeys,
  );
  protected readonly attempt = new Attempt();
  protected readonly creating = signal(false);
  /** The key made just now, at the only moment it can be read. */
  protected readonly secret = signal<string | null>(null);
  protected readonly revoking = signal<ApiKeyPartsFragment | null>(null);

  constructor() {
    void this.list.load();
  }

  protected state({ revokedAt, expiresAt }: ApiKeyPartsFragment): 'works' | 'revoked' | 'expired' {
    if (revokedAt) return 'revoked';
    return expiresAt && Date.parse(expiresAt) <= this.clock.now() ? 'expired' : 'works';
  }

  protected async create(event: Event): Promise<void> {
    const form = formOf(event);
    const days = number(form, 'days');
    const input = {
      name: text(form, 'name'),
      role: text(form, 'role') as Role,
      expiresAt: days === null ? null : new Date(this.clock.nowMs() + days * DAY_MS).toISOString(),
    };
    await this.attempt.run(async () => {
      const { secret, apiKey } = (await this.graph.mutate(CreateApiKeyDocument, { input })).createApiKey;
      this.secret.set(secret);
      this.list.put(apiKey);
    });
  }

  protected async revoke({ id }: ApiKeyPartsFragment): Promise<void> {
    await this.attempt.run(async () => {
      this.list.put((await this.graph.mutate(RevokeApiKeyDocument, { id })).revokeApiKey);
      this.revoking.set(null);
    });
  }

  protected close(): void {
    this.creating.set(false);
    this.revoking.set(null);
    this.secret.set(null);
    this.attempt.refusal.set(null);
  }
}
