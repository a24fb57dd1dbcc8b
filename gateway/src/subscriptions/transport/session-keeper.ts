import type { Credential } from '../../identity/access-token.js';
import type { Identity } from '../../identity/identity.js';

/** A connection that outlives the request it began with. */
export interface SessionHolder {
  readonly credential: Credential | null;
  /** The credential has ended for good: open operations end with SESSION_EXPIRED. May be called again; only the first call counts. */
  endSession(reason: 'session_expired' | 'revoked'): void;
  /** Called about every second. */
  onSweep?(nowMs: number): void;
}

const SWEEP_MS = 1_000;

/** Ends what open connections may do when their credential is over or revoked. One timer for all of them. */
export class SessionKeeper {
  private readonly holders = new Set<SessionHolder>();
  private timer: NodeJS.Timeout | undefined;
  private looking: NodeJS.Immediate | undefined;
  private stopListening: (() => void) | undefined;

  constructor(
    private readonly identity: Identity,
    private readonly graceMs: number,
  ) {}

  start(): void {
    this.stopListening = this.identity.onRevocation(() => {
      // A page of the feed brings many at once; one look at every connection is enough for all.
      this.looking ??= setImmediate(() => this.sweepRevoked());
    });
    this.timer = setInterval(() => this.sweep(Date.now()), SWEEP_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.looking) clearImmediate(this.looking);
    this.stopListening?.();
  }

  add(holder: SessionHolder): void {
    this.holders.add(holder);
  }

  delete(holder: SessionHolder): void {
    this.holders.delete(holder);
  }

  /** Whether a credential may begin something new. */
  admits(credential: Credential): boolean {
    return credential.expiresAtMs > Date.now() && !this.identity.isRevoked(credential);
  }

  sweep(nowMs: number): void {
    for (const holder of this.holders) {
      const { credential } = holder;
      if (credential && credential.expiresAtMs + this.graceMs <= nowMs) holder.endSession('session_expired');
      holder.onSweep?.(nowMs);
    }
  }

  private sweepRevoked(): void {
    this.looking = undefined;
    for (const holder of this.holders) {
      const { credential } = holder;
      if (credential && this.identity.isRevoked(credential)) holder.endSession('revoked');
    }
  }
}
