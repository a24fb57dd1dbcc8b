import { Component, computed, effect, inject, input, signal, untracked } from '@angular/core';
import { Router } from '@angular/router';
import { ROLES, type Role } from '@pulsegraph/contracts';
import { Attempt } from '../core/attempt';
import { debounced } from '../core/debounced';
import { words } from '../core/format';
import { formOf, text } from '../core/form-values';
import { Graph } from '../core/graph';
import { PagedList } from '../core/paged-list';
import { Session } from '../core/session';
import { Age } from '../ui/age';
import { Confirm } from '../ui/confirm';
import { Modal } from '../ui/modal';
import { Notice } from '../ui/notice';
import { Paging } from '../ui/paging';
import { SectionTabs } from '../ui/section-tabs';
import { ADMIN_TABS } from '../core/sections';
import {
  DeactivateUserDocument,
  InviteUserDocument,
  ReactivateUserDocument,
  ResetUserMfaDocument,
  UpdateUserDocument,
  UsersDocument,
  type UserPartsFragment,
} from './user-list.generated';

const PAGE = 50;
const SEARCH_AFTER_MS = 250;
type Asked = { what: 'edit' | 'deactivate' | 'reset'; user: UserPartsFragment };

/** Who may come in, as what; for administrators. */
@Component({
  selector: 'pg-user-list',
  imports: [Age, Confirm, Modal, Notice, Paging, SectionTabs],
  templateUrl: './user-list.html',
  styleUrl: './user-list.css',
})
export class UserList {
  private readonly graph = inject(Graph);
  private readonly router = inject(Router);
  private readonly session = inject(Session);
  /** From the address. */
  readonly search = input<string>();
  readonly role = input<string>();

  protected readonly tabs = ADMIN_TABS;
  protected readonly roles = ROLES;
  protected readonly words = words;
  protected readonly list = new PagedList<UserPartsFragment>(async (after, signal) => {
    const role = ROLES.find((known) => known === this.role()) ?? null;
    const variables = { first: PAGE, after, search: this.search() || null, role };
    return (await this.graph.query(UsersDocument, variables, signal)).data.users;
  });
  protected readonly attempt = new Attempt();
  protected readonly inviting = signal(false);
  protected readonly invited = signal<string | null>(null);
  protected readonly asked = signal<Asked | null>(null);
  protected readonly ownId = computed(() => this.session.viewer()?.user?.id);
  protected readonly searchSoon = debounced(SEARCH_AFTER_MS, (search: string) => this.narrow({ search }));

  constructor() {
    effect(() => {
      this.search();
      this.role();
      untracked(() => void this.list.load());
    });
  }

  protected narrow(query: { search?: string; role?: string }): void {
    const queryParams = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, value.trim() || null]));
    void this.router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl: true });
  }

  protected ask(what: Asked['what'], user: UserPartsFragment): void {
    this.attempt.refusal.set(null);
    this.asked.set({ what, user });
  }

  protected async invite(event: Event): Promise<void> {
    const form = formOf(event);
    const input = { email: text(form, 'email'), role: text(form, 'role') as Role };
    await this.attempt.run(async () => {
      const { email } = (await this.graph.mutate(InviteUserDocument, { input })).inviteUser;
      this.invited.set(email);
      this.inviting.set(false);
    });
  }

  protected edit(event: Event, { id }: UserPartsFragment): Promise<void> {
    const form = formOf(event);
    const input = { displayName: text(form, 'displayName'), role: text(form, 'role') as Role };
    return this.change(async () => (await this.graph.mutate(UpdateUserDocument, { id, input })).updateUser);
  }

  protected deactivate({ id }: UserPartsFragment): Promise<void> {
    return this.change(async () => (await this.graph.mutate(DeactivateUserDocument, { id })).deactivateUser);
  }

  protected reactivate({ id }: UserPartsFragment): Promise<void> {
    return this.change(async () => (await this.graph.mutate(ReactivateUserDocument, { id })).reactivateUser);
  }

  protected resetFactor({ id }: UserPartsFragment): Promise<void> {
    return this.change(async () => (await this.graph.mutate(ResetUserMfaDocument, { id })).resetUserMfa);
  }

  private async change(work: () => Promise<UserPartsFragment>): Promise<void> {
    await this.attempt.run(async () => {
      this.list.put(await work());
      this.asked.set(null);
    });
  }
}
