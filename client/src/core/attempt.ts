import { signal } from '@angular/core';
import { errorText, type OwnSentences } from './error-text';

/** One action at a time, and why the last one was refused. */
export class Attempt {
  readonly busy = signal(false);
  readonly refusal = signal<string | null>(null);

  constructor(private readonly own: OwnSentences = {}) {}

  /** True when it was done; false when it was refused, or another was still under way. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.busy()) return false;
    this.busy.set(true);
    this.refusal.set(null);
    try {
      await work();
      return true;
    } catch (error) {
      this.refusal.set(errorText(error, this.own));
      return false;
    } finally {
      this.busy.set(false);
    }
  }
}
