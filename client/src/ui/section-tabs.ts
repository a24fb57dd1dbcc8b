import { Component, input } from '@angular/core';
import { RouterLink, RouterLinkActive } from '@angular/router';

export interface SectionTab {
  path: string;
  name: string;
}

/** Pages of one subject, beside each other. */
@Component({
  selector: 'pg-section-tabs',
  imports: [RouterLink, RouterLinkActive],
  template: `
    @if (tabs().length > 1) {
      <nav [attr.aria-label]="label()">
        @for (tab of tabs(); track tab.path) {
          <a
            [routerLink]="tab.path"
            routerLinkActive="active"
            ariaCurrentWhenActive="page"
            [routerLinkActiveOptions]="{ paths: 'exact', queryParams: 'ignored', matrixParams: 'ignored', fragment: 'ignored' }"
            >{{ tab.name }}</a
          >
        }
      </nav>
    }
  `,
  styles: `
    nav {
      display: flex;
      gap: 1.25rem;
      overflow-x: auto;
      border-bottom: 1px solid var(--line);
    }
    a {
      flex: none;
      padding: 0.35rem 0;
      min-height: 2.25rem;
      color: var(--muted);
      text-decoration: none;
      border-bottom: 2px solid transparent;
    }
    a:hover,
    a.active {
      color: var(--text);
    }
    a.active {
      border-bottom-color: currentColor;
    }
    a:focus-visible {
      outline-offset: -2px;
    }
    @media (forced-colors: active) {
      a:not(.active) {
        border-bottom-color: Canvas;
      }
    }
  `,
})
export class SectionTabs {
  readonly label = input.required<string>();
  readonly tabs = input.required<readonly SectionTab[]>();
}
