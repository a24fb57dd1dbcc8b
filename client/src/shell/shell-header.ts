import { Component, computed, inject } from '@angular/core';
import { RouterLink, RouterLinkActive } from '@angular/router';
import type { Permission } from '@pulsegraph/contracts';
import { AlertFeed } from '../core/alert-feed';
import { words } from '../core/format';
import { Session } from '../core/session';
import { ThemeChoice, type Theme } from '../core/theme';
import { Dismissable } from '../ui/dismissable';
import { ConnectionIndicator } from './connection-indicator';

const PAGES: readonly { path: string; name: string; needs: Permission }[] = [
  { path: '/', name: 'Devices', needs: 'graph:read' },
  { path: '/alerts', name: 'Alerts', needs: 'graph:read' },
  { path: '/rules', name: 'Rules', needs: 'graph:read' },
  { path: '/pipeline', name: 'Pipeline', needs: 'graph:read' },
  { path: '/users', name: 'Users', needs: 'users:manage' },
];

@Component({
  selector: 'pg-shell-header',
  imports: [ConnectionIndicator, Dismissable, RouterLink, RouterLinkActive],
  templateUrl: './shell-header.html',
  styleUrl: './shell-header.css',
})
export class ShellHeader {
  protected readonly session = inject(Session);
  protected readonly themes = inject(ThemeChoice);
  private readonly alerts = inject(AlertFeed);
  protected readonly words = words;

  protected readonly pages = computed(() => (this.session.viewer() ? PAGES.filter(({ needs }) => this.session.may(needs)) : []));
  protected readonly waiting = computed(() => {
    const summary = this.alerts.summary();
    return summary ? summary.triggered + summary.escalated : 0;
  });

  protected setTheme(value: string): void {
    this.themes.theme.set(value as Theme);
  }
}
