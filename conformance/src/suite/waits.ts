import { Fail } from './verdict.js';

/** Something that others wait for: a place where changes are announced. */
export class Signal {
  private readonly waiting = new Set<() => void>();

  raise(): void {
    const woken = [...this.waiting];
    this.waiting.clear();
    for (const wake of woken) wake();
  }

  /**
   * Resolves as soon as `done` is true; it is looked at whenever the signal is raised.
   * @param deadlineMs So long that only something which will never happen runs into it.
   * @throws Fail with `what` in it.
   */
  async until(done: () => boolean, what: string | (() => string), deadlineMs: number): Promise<void> {
    const end = Date.now() + deadlineMs;
    while (!done()) {
      const leftMs = end - Date.now();
      if (leftMs <= 0) throw new Fail(`${typeof what === 'string' ? what : what()} (waited ${Math.round(deadlineMs / 1_000)} s)`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(wake, leftMs);
        const { waiting } = this;
        waiting.add(wake);
        function wake() {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        }
      });
    }
  }
}

/** For what announces nothing, such as a gateway that reads a file: asks again and again. */
export async function poll(ask: () => Promise<boolean>, what: string, deadlineMs: number, everyMs = 100): Promise<void> {
  const end = Date.now() + deadlineMs;
  while (!(await ask())) {
    if (Date.now() > end) throw new Fail(`${what} (waited ${Math.round(deadlineMs / 1_000)} s)`);
    await pause(everyMs);
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
