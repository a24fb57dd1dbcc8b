import { afterNextRender, Component, DestroyRef, inject, input, output, viewChild, type ElementRef } from '@angular/core';

let nextId = 0;

/** A dialog by the browser's own `dialog`: focus is held inside, Escape closes, and focus returns to where it was. */
@Component({
  selector: 'pg-modal',
  template: `
    <dialog #dialog [attr.aria-labelledby]="id" (close)="closed.emit()" (click)="onBackdrop($event)">
      <div class="body">
        <header>
          <h2 [id]="id">{{ heading() }}</h2>
          <button type="button" class="quiet" aria-label="Close" (click)="dialog.close()">✕</button>
        </header>
        <ng-content />
      </div>
    </dialog>
  `,
  styles: `
    dialog {
      width: min(34rem, calc(100vw - 1rem));
      max-height: calc(100dvh - 1rem);
      padding: 0;
      border: 1px solid var(--line-strong);
      border-radius: 6px;
      background: var(--panel);
      color: var(--text);
    }
    dialog::backdrop {
      background: #000a;
    }
    .body {
      padding: 1rem 1.25rem 1.25rem;
      display: grid;
      gap: 1rem;
    }
    header {
      display: flex;
      align-items: center;
      justify-content: space-between;
    }
    header button {
      margin-right: -0.5rem;
      min-width: 2.25rem;
      padding: 0;
    }
  `,
})
export class Modal {
  private readonly dialog = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');
  readonly heading = input.required<string>();
  /** False where a stray click must not lose what is shown once. */
  readonly closesOnBackdrop = input(true);
  readonly closed = output();
  protected readonly id = `pg-modal-${nextId++}`;

  constructor() {
    const before = document.activeElement;
    afterNextRender(() => this.dialog().nativeElement.showModal());
    // The browser gives the focus back when a dialog closes, not when its page takes it away.
    inject(DestroyRef).onDestroy(() =>
      queueMicrotask(() => {
        if (document.activeElement !== document.body || !(before instanceof HTMLElement)) return;
        (before.isConnected ? before : document.querySelector('main'))?.focus();
      }),
    );
  }

  close(): void {
    this.dialog().nativeElement.close();
  }

  protected onBackdrop(event: MouseEvent): void {
    if (event.target === this.dialog().nativeElement && this.closesOnBackdrop()) this.close();
  }
}
