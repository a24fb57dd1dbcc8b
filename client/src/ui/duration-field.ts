import { Component, computed, input, linkedSignal, output } from '@angular/core';
import { durationMs, isoDuration } from '../core/durations';

const UNITS = [
  { seconds: 86_400, name: 'days' },
  { seconds: 3_600, name: 'hours' },
  { seconds: 60, name: 'minutes' },
  { seconds: 1, name: 'seconds' },
] as const;

/** An amount and a unit of time; ISO 8601 to the outside. */
@Component({
  selector: 'pg-duration-field',
  template: `
    <fieldset>
      <legend class="label">{{ label() }}</legend>
      <div class="parts">
        <input
          #amountField
          type="number"
          step="any"
          [attr.min]="least()"
          [attr.aria-label]="label()"
          [placeholder]="placeholder()"
          [required]="!optional()"
          [value]="amount() ?? ''"
          (change)="emit(amountField.value, unitSeconds())"
        />
        <select #unitField [attr.aria-label]="label() + ', unit'" (change)="changeUnit(amountField.value, +unitField.value)">
          @for (unit of units; track unit.seconds) {
            <option [value]="unit.seconds" [selected]="unit.seconds === unitSeconds()">{{ unit.name }}</option>
          }
        </select>
      </div>
    </fieldset>
  `,
  styles: `
    .parts {
      display: grid;
      grid-template-columns: minmax(4rem, 1fr) auto;
      gap: 0.35rem;
    }
    legend {
      margin-bottom: 0.25rem;
      line-height: 1.45;
    }
  `,
})
export class DurationField {
  readonly label = input.required<string>();
  readonly value = input.required<string | null | undefined>();
  readonly optional = input(false);
  readonly least = input(0);
  readonly placeholder = input('');
  /** Null when nothing is typed, which only an optional one may be. */
  readonly changed = output<string | null>();
  protected readonly units = UNITS;
  private readonly seconds = computed(() => {
    const value = this.value();
    const ms = value ? durationMs(value) : null;
    return ms === null ? null : ms / 1_000;
  });
  /** The largest unit that the amount is whole in. */
  protected readonly unitSeconds = linkedSignal<number>(() => {
    const seconds = this.seconds();
    return UNITS.find((unit) => seconds && seconds % unit.seconds === 0)?.seconds ?? 60;
  });
  protected readonly amount = computed(() => {
    const seconds = this.seconds();
    return seconds === null ? null : seconds / this.unitSeconds();
  });

  protected changeUnit(amount: string, unitSeconds: number): void {
    this.unitSeconds.set(unitSeconds);
    this.emit(amount, unitSeconds);
  }

  protected emit(amount: string, unitSeconds: number): void {
    this.changed.emit(amount.trim() === '' ? null : isoDuration(Number(amount) * unitSeconds));
    this.unitSeconds.set(unitSeconds);
  }
}
