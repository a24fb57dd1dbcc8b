import { effect, inject, Injectable, signal } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { TitleStrategy, type RouterStateSnapshot } from '@angular/router';
import { AlertFeed } from './alert-feed';

/** `(2) Devices · Pulsegraph`: a tab in the background still says how many alerts wait. */
@Injectable({ providedIn: 'root' })
export class PageTitle extends TitleStrategy {
  private readonly page = signal('');

  constructor() {
    super();
    const title = inject(Title);
    const alerts = inject(AlertFeed);
    effect(() => {
      const waiting = alerts.summary()?.triggered ?? 0;
      title.setTitle(`${waiting > 0 ? `(${waiting}) ` : ''}${this.page() ? `${this.page()} · ` : ''}Pulsegraph`);
    });
  }

  override updateTitle(snapshot: RouterStateSnapshot): void {
    this.page.set(this.buildTitle(snapshot) ?? '');
  }

  /** For pages whose name is known only after loading. */
  set(page: string): void {
    this.page.set(page);
  }
}
