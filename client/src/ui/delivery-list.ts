import { Component, input } from '@angular/core';
import { formatAge, words } from '../core/format';
import type { DeliveryPartsFragment } from '../core/delivery.generated';
import { Age } from './age';

/** What a channel was asked to deliver, and what became of it, attempt by attempt. */
@Component({
  selector: 'pg-delivery-list',
  imports: [Age],
  template: `
    <ul [attr.aria-label]="label()">
      @for (delivery of deliveries(); track delivery.id) {
        <li data-testid="delivery" [attr.data-status]="delivery.status">
          <p>
            <strong [class.error-text]="delivery.status === 'FAILED'">{{ words(delivery.status) }}</strong>
            {{ namesChannel() ? 'through ' + delivery.channel.name : '' }} {{ delivery.recipient ?? '' }}
            <span class="muted">asked for <pg-age [at]="delivery.requestedAt" /></span>
          </p>
          @if (delivery.lastError) {
            <p class="muted">{{ delivery.lastError }}</p>
          }
          @if (delivery.uncertain) {
            <p>One attempt was given no answer: it may have arrived more than once.</p>
          }
          @if (delivery.log.length > 0) {
            <details>
              <summary>{{ delivery.log.length === 1 ? 'One attempt' : delivery.log.length + ' attempts' }}</summary>
              <ol>
                @for (attempt of delivery.log; track attempt.no) {
                  <li>
                    {{ attempt.no }}. {{ attempt.outcome ? words(attempt.outcome) : 'Under way' }}
                    <span class="muted">{{ took(attempt) }} {{ attempt.detail ?? '' }}</span>
                  </li>
                }
              </ol>
            </details>
          }
        </li>
      }
    </ul>
  `,
  styles: `
    ul {
      display: grid;
      gap: 0.6rem;
      overflow-wrap: anywhere;
    }
    summary {
      cursor: pointer;
      color: var(--muted);
      min-height: 1.5rem;
    }
  `,
})
export class DeliveryList {
  readonly deliveries = input.required<readonly DeliveryPartsFragment[]>();
  readonly label = input.required<string>();
  /** False on the channel's own log. */
  readonly namesChannel = input(false);
  protected readonly words = words;

  protected took({ startedAt, endedAt }: DeliveryPartsFragment['log'][number]): string {
    if (!endedAt) return '';
    const ms = Date.parse(endedAt) - Date.parse(startedAt);
    return ms < 1_000 ? `after ${ms} ms.` : `after ${formatAge(ms)}.`;
  }
}
