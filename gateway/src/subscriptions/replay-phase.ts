const LONGEST_MS = 60_000;
/** A stream that brings nothing for this long has caught up. */
const QUIET_MS = 50;

/**
 * The time in which a group is replayed to from a cursor. Over when the stream has nothing more at once, or after a
 * while; nobody says when a replay ends.
 */
export class ReplayPhase {
  private readonly startedAtMs = performance.now();
  private over: boolean;
  private timer: NodeJS.Timeout | undefined;

  /** @param held True while silence says nothing, because the stream waits for a slow client. */
  constructor(
    after: string | null,
    private readonly held: () => boolean,
  ) {
    this.over = after === null;
  }

  get active(): boolean {
    return !this.over && performance.now() - this.startedAtMs < LONGEST_MS;
  }

  /** Call for each event. */
  heard(): void {
    if (!this.active) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.held()) this.heard();
      else this.over = true;
    }, QUIET_MS);
    this.timer.unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
