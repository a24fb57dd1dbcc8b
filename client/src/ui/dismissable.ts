import { Directive, ElementRef, inject } from '@angular/core';

/** A `details` that behaves as a menu: Escape, a click elsewhere, or focus that moves on closes it. */
@Directive({
  selector: 'details[pgDismissable]',
  host: {
    '(keydown.escape)': 'close(true)',
    '(document:pointerdown)': 'onPointer($event)',
    '(focusout)': 'onFocusOut($event)',
  },
})
export class Dismissable {
  private readonly details = inject<ElementRef<HTMLDetailsElement>>(ElementRef).nativeElement;

  protected close(refocus: boolean): void {
    if (!this.details.open) return;
    this.details.open = false;
    if (refocus) this.details.querySelector('summary')?.focus();
  }

  protected onPointer({ target }: Event): void {
    if (!this.details.contains(target as Node)) this.close(false);
  }

  protected onFocusOut({ relatedTarget }: FocusEvent): void {
    if (relatedTarget && !this.details.contains(relatedTarget as Node)) this.close(false);
  }
}
