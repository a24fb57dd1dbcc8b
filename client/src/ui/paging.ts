import { Component, input, output } from '@angular/core';

/** How much of a list is there, and the way to more of it. */
@Component({
  selector: 'pg-paging',
  template: `
    @if (shown() > 0) {
      <span class="muted" role="status">{{ shown() }}{{ total() === null ? '' : ' of ' + total() }} {{ noun() }}</span>
    }
    @if (hasMore()) {
      <button type="button" [attr.aria-disabled]="busy()" (click)="busy() || more.emit()">{{ busy() ? 'Loading…' : 'Show more' }}</button>
    }
  `,
  styles: `
    :host {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 0.75rem;
      padding: 0.25rem 0;
    }
  `,
})
export class Paging {
  readonly shown = input.required<number>();
  /** Null where nobody counted. */
  readonly total = input.required<number | null>();
  readonly noun = input.required<string>();
  readonly hasMore = input(false);
  readonly busy = input(false);
  readonly more = output();
}
