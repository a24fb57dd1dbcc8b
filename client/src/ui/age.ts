import { Component, computed, inject, input } from '@angular/core';
import { Clock } from '../core/clock';
import { formatAge, formatInstant } from '../core/format';

/** How long ago, counting; the instant itself in the tooltip and for machines. */
@Component({
  selector: 'pg-age',
  template: `<time [attr.datetime]="iso()" [title]="title()">{{ text() }}</time>`,
})
export class Age {
  private readonly clock = inject(Clock);
  readonly at = input.required<string | number>();
  protected readonly iso = computed(() => new Date(this.at()).toISOString());
  protected readonly title = computed(() => formatInstant(this.at(), 0));
  protected readonly text = computed(() => {
    const ageMs = this.clock.now() - new Date(this.at()).getTime();
    return ageMs < 1_000 ? 'now' : `${formatAge(ageMs)} ago`;
  });
}
