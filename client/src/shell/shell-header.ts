import { Component, computed, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { NavigationEnd, Router, RouterLink } from '@angular/router';
import { filter, map } from 'rxjs';
import type { Permission } from '@pulsegraph/contracts';
import { AlertFeed } from '../core/alert-feed';
import { words } from '../core/format';
import { Session } from '../core/session';
import { ThemeChoice, type Theme } from '../core/theme';
import { Dismissable } from '../ui/dismissable';
import { ConnectionIndicator } from './connection-indicator';

interface ShellPage {
  path: string;
  name: string;
  needs: Permission;
  /** Beginnings of other addresses that belong to it. */
  also?: readonly string[];
}

const PAGES: readonly ShellPage[] = [
  { path: '/', name: 'Devices', needs: 'graph:read', also: ['/devices'] },
  { path: '/alerts', name: 'Alerts', needs: 'graph:read', also: ['/silences'] },
  { path: '/rules', name: 'Rules', needs: 'graph:read', also: ['/channels', '/escalation'] },
  { path: '/pipeline', name: 'Pipeline', needs: 'graph:read', also: ['/dead-letters'] },
  { path: '/users', name: 'Users', needs: 'users:manage', also: ['/api-keys', '/audit'] },
];

@Component({
  selector: 'pg-shell-header',
  imports: [ConnectionIndicator, Dismissable, RouterLink],
  templateUrl: './shell-header.html',
  styleUrl: './shell-header.css',
})
export class ShellHeader {
  protected readonly session = inject(Session);
  protected readonly themes = inject(ThemeChoice);
  private readonly alerts = inject(AlertFeed);
  protected readonly words = words;

  protected readonly pages = computed(() => (this.session.viewer() ? PAGES.filter(({ needs }) => this.session.may(needs)) : []));
  private readonly router = inject(Router);
  private readonly path = toSignal(
    this.router.events.pipe(
      filter((event) => event instanceof NavigationEnd),
      map(({ urlAfterRedirects }) => urlAfterRedirects.split(/[?#]/, 1)[0] ?? ''),
    ),
    { initialValue: this.router.url.split(/[?#]/, 1)[0] ?? '' },
  );
  protected readonly waiting = computed(() => {
    const summary = this.alerts.summary();
    return summary ? summary.triggered + summary.escalated : 0;
  });

  protected within({ path, also = [] }: ShellPage): boolean {
    const at = this.path();
    return at === path || [...also, ...(path === '/' ? [] : [path])].some((start) => at === start || at.startsWith(`${start}/`));
  }

  protected setTheme(value: string): void {
    this.themes.theme.set(value as Theme);
  }
}
