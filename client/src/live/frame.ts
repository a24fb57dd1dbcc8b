/** Painting more than this in one frame is put off to the next, so that a click is never far away. */
const BUDGET_MS = 8;

export interface Painter {
  paint: () => void;
}

/**
 * One requestAnimationFrame for everything that moves: first all flushes (cheap, they only publish), then painters as far
 * as the budget goes. In a hidden tab no frame comes and nothing is painted; the newest state is painted on return.
 */
class Frame {
  private readonly flushes = new Set<() => void>();
  private readonly painters = new Set<Painter>();
  private requested = false;

  flush(work: () => void): void {
    this.flushes.add(work);
    this.request();
  }

  paint(painter: Painter): void {
    this.painters.add(painter);
    this.request();
  }

  forget(painter: Painter): void {
    this.painters.delete(painter);
  }

  private request(): void {
    if (this.requested) return;
    this.requested = true;
    requestAnimationFrame(() => this.run());
  }

  private run(): void {
    this.requested = false;
    const flushes = [...this.flushes];
    this.flushes.clear();
    for (const flush of flushes) flush();
    const startMs = performance.now();
    for (const painter of this.painters) {
      this.painters.delete(painter);
      painter.paint();
      if (performance.now() - startMs > BUDGET_MS) break;
    }
    if (this.painters.size > 0 || this.flushes.size > 0) this.request();
  }
}

export const frame = new Frame();
