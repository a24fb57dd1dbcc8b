import { Component, ElementRef, inject, viewChild } from '@angular/core';
import { takeUntilDestroyed } from '@angular/core/rxjs-interop';
import { NavigationEnd, Router, RouterOutlet } from '@angular/router';
import { filter, map, pairwise } from 'rxjs';
import { Announcer } from './core/announcer';
import { Session } from './core/session';
import { ConnectionBanner } from './shell/connection-banner';
import { ShellHeader } from './shell/shell-header';

const pathOf = (url: string): string => url.split(/[?#]/, 1)[0] ?? '';

@Component({
  selector: 'pg-root',
  imports: [ConnectionBanner, RouterOutlet, ShellHeader],
  templateUrl: './app.html',
  styleUrl: './app.css',
})
export class App {
  private readonly content = viewChild.required<ElementRef<HTMLElement>>('content');
  protected readonly session = inject(Session);
  protected readonly announcer = inject(Announcer);

  constructor() {
    // A new page begins at its top for the keyboard as well; a changed filter leaves the focus where it is.
    inject(Router)
      .events.pipe(
        filter((event) => event instanceof NavigationEnd),
        map(({ urlAfterRedirects }) => pathOf(urlAfterRedirects)),
        pairwise(),
        takeUntilDestroyed(),
      )
      .subscribe(([before, now]) => {
        if (before !== now) this.content().nativeElement.focus({ preventScroll: true });
      });
  }
}
