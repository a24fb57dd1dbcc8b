/**
 * Bytes on the heap that were received and are not yet in the log, over all doors. At the bound senders are no longer read, so that
 * memory stays bounded and nothing is dropped.
 */
export class Pressure {
  private bytes = 0;
  private waiting = new Set<() => void>();

  constructor(private readonly boundBytes: number) {}

  get inFlightBytes(): number {
    return this.bytes;
  }

  get high(): boolean {
    return this.bytes >= this.boundBytes;
  }

  add(bytes: number): void {
    this.bytes += bytes;
  }

  release(bytes: number): void {
    this.bytes -= bytes;
    // Resume well below the bound, or every message would stop and start all senders.
    if (this.waiting.size > 0 && this.bytes <= this.boundBytes * 0.75) {
      const resumed = this.waiting;
      this.waiting = new Set();
      for (const resume of resumed) resume();
    }
  }

  /** Calls once, when there is room again. */
  whenRelieved(resume: () => void): void {
    this.waiting.add(resume);
  }

  forget(resume: () => void): void {
    this.waiting.delete(resume);
  }
}
