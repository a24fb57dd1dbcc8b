/** Runs `work` once the calls have paused for `waitMs`. */
export function debounced<A extends unknown[]>(waitMs: number, work: (...args: A) => void): (...args: A) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), waitMs);
  };
}
