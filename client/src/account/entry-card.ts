import { Component, input } from '@angular/core';

/** The card on which somebody without a session does one thing. */
@Component({
  selector: 'pg-entry-card',
  host: { class: 'panel' },
  template: `
    <header>
      <h1>{{ heading() }}</h1>
      <p class="muted">{{ lead() }}</p>
    </header>
    <ng-content />
  `,
  styles: `
    :host {
      display: grid;
      gap: 1rem;
      width: min(24rem, 100%);
      margin: 12vh auto 0;
      padding: 1.75rem;
    }
    h1 {
      font-size: 1.5rem;
    }
    @media (max-width: 30rem) {
      :host {
        margin-top: 4vh;
        padding: 1.25rem;
      }
    }
  `,
})
export class EntryCard {
  readonly heading = input.required<string>();
  readonly lead = input.required<string>();
}
