import { Component, computed, inject, input } from '@angular/core';
import { Clock } from '../core/clock';
import { formatInstant } from '../core/format';

@Component({
  selector: 'pg-instant',
  template: `<time [attr.datetime]="at()" [title]="at()">{{ text() }}</time>`,
})
export class Instant {
  private readonly clock = inject(Clock);
  readonly at = input.required<string>();
  protected readonly text = computed(() => formatInstant(this.at(), this.clock.now()));
}
