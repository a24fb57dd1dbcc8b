/** OVER: the limit is crossed. CLEAR: far enough on the good side. BAND: between, so whatever was so stays so. */
export type Level = 'OVER' | 'BAND' | 'CLEAR';

/**
 * Where a condition stands, in event time (microseconds by the device's clock). A value that never changes in place:
 * the same object means that nothing happened.
 */
export interface Phase {
  readonly name: 'IDLE' | 'PENDING' | 'FIRING' | 'CLEARING';
  /** When the condition began; 0 while IDLE. */
  readonly sinceUs: number;
  /** When it ceased, while CLEARING; 0 otherwise. */
  readonly clearSinceUs: number;
  /** How often it came back while CLEARING. */
  readonly repeats: number;
}

export const IDLE: Phase = Object.freeze({ name: 'IDLE', sinceUs: 0, clearSinceUs: 0, repeats: 0 });

export interface Delay {
  forUs: number;
  clearAfterUs: number;
}
export const AT_ONCE: Delay = { forUs: 0, clearAfterUs: 0 };

export function isActive(phase: Phase): boolean {
  return phase.name === 'FIRING' || phase.name === 'CLEARING';
}

/** The phase after the level was seen at `atUs`, which is later than everything seen before. */
export function movePhase(phase: Phase, level: Level, atUs: number, delay: Delay): Phase {
  switch (phase.name) {
    case 'IDLE':
      if (level !== 'OVER') return phase;
      return { name: delay.forUs === 0 ? 'FIRING' : 'PENDING', sinceUs: atUs, clearSinceUs: 0, repeats: 0 };
    case 'PENDING':
      // `for` asks that the limit itself is crossed all the while: inside the band it is not.
      if (level !== 'OVER') return IDLE;
      return atUs - phase.sinceUs >= delay.forUs ? { ...phase, name: 'FIRING' } : phase;
    case 'FIRING':
      if (level !== 'CLEAR') return phase;
      return delay.clearAfterUs === 0 ? IDLE : { ...phase, name: 'CLEARING', clearSinceUs: atUs };
    case 'CLEARING':
      if (level === 'OVER') return { ...phase, name: 'FIRING', clearSinceUs: 0, repeats: phase.repeats + 1 };
      if (level === 'BAND') return { ...phase, name: 'FIRING', clearSinceUs: 0 };
      return atUs - phase.clearSinceUs >= delay.clearAfterUs ? IDLE : phase;
  }
}

/** When time alone moves the phase on, if nothing else is heard; null when it does not, or not after `afterUs`. */
export function dueAtUs(phase: Phase, delay: Delay, afterUs = -Infinity): number | null {
  const due =
    phase.name === 'PENDING' ? phase.sinceUs + delay.forUs : phase.name === 'CLEARING' ? phase.clearSinceUs + delay.clearAfterUs : null;
  return due !== null && due > afterUs ? due : null;
}

/**
 * Time has passed beyond its deadline without a new value; one that comes at the very deadline would have the word. The last value is taken to hold until `heldUntilUs`: past that
 * nobody knows, so neither an alert nor an all-clear may come from silence.
 */
export function settlePhase(phase: Phase, atUs: number, heldUntilUs: number, delay: Delay): Phase {
  const due = dueAtUs(phase, delay);
  if (due === null || due >= atUs || due > heldUntilUs) return phase;
  return phase.name === 'PENDING' ? { ...phase, name: 'FIRING' } : IDLE;
}

export type Move = 'RAISE' | 'REPEAT' | 'RESOLVE';

/** What people must hear of when a phase became another. */
export function moveBetween(before: Phase, after: Phase): Move | null {
  if (before === after) return null;
  if (isActive(after)) {
    if (!isActive(before)) return 'RAISE';
    return after.repeats > before.repeats ? 'REPEAT' : null;
  }
  return isActive(before) ? 'RESOLVE' : null;
}
