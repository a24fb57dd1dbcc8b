import { Injectable, signal } from '@angular/core';

const GATHER_MS = 400;

/**
 * What a screen reader is told without being asked: changes of state, never values. Messages that come together are read
 * together, and the app holds the one live region.
 */
@Injectable({ providedIn: 'root' })
export class Announcer {
  readonly polite = signal('');
  readonly assertive = signal('');
  private readonly waiting = { polite: [] as string[], assertive: [] as string[] };
  private timer: ReturnType<typeof setTimeout> | undefined;

  say(message: string, urgency: 'polite' | 'assertive' = 'polite'): void {
    this.waiting[urgency].push(message);
    this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  private flush(): void {
    this.timer = undefined;
    for (const urgency of ['polite', 'assertive'] as const) {
      const messages = this.waiting[urgency].splice(0);
      if (messages.length === 0) continue;
      this[urgency].set(messages.length > 3 ? `${messages.length} new messages. ${messages.at(-1)}` : messages.join(' '));
    }
  }
}
