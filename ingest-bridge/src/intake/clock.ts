/**
 * Microseconds since 1970, and never the same twice: undated messages of one millisecond would otherwise be one reading,
 * and the second would be lost as a duplicate.
 */
export function createClock(nowMs: () => number = Date.now): () => number {
  let lastUs = 0;
  return () => {
    const nowUs = nowMs() * 1000;
    lastUs = nowUs > lastUs ? nowUs : lastUs + 1;
    return lastUs;
  };
}
