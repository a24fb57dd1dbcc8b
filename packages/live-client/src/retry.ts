const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** A hint longer than this is taken for a mistake. */
const LONGEST_HINT_MS = 10 * 60_000;

export type Random = () => number;

/**
 * What a server that restarts or is overloaded says about coming back: `{"retryAfterMs": n}` as the reason of the close
 * frame (codes 1012 and 1013), which may have 123 bytes.
 */
export function retryHintOf(closeEvent: unknown): number | null {
  const reason = (closeEvent as { reason?: unknown } | null | undefined)?.reason;
  if (typeof reason !== 'string' || !reason.startsWith('{')) return null;
  try {
    return validHint((JSON.parse(reason) as { retryAfterMs?: unknown }).retryAfterMs);
  } catch {
    return null;
  }
}

/** A number of milliseconds that somebody else may ask us to wait. */
export function validHint(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= LONGEST_HINT_MS ? value : null;
}

/**
 * With a hint: that long, and up to a fifth more, so that clients which got the same hint do not come in one instant.
 * Without: doubling from half a second to fifteen, each between half and the whole of it.
 */
export function retryWaitMs(retries: number, hintMs: number | null, random: Random): number {
  if (hintMs !== null) return hintMs * (1 + random() / 5);
  const fullMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(Math.max(0, retries), 10));
  return fullMs * (0.5 + random() / 2);
}

interface MaybePage {
  addEventListener?: (type: string, listener: () => void) => void;
  removeEventListener?: (type: string, listener: () => void) => void;
}
/** A browser's window; in Node there is none. */
const page = globalThis as MaybePage;

/** Waits, but no longer than until a browser says that it is online again, or until `signal` says that nobody waits. */
export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      page.removeEventListener?.('online', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    page.addEventListener?.('online', done);
    signal?.addEventListener('abort', done);
    if (signal?.aborted) done();
  });
}
