/** What one client got of a stream of numbers without gaps. Strict: what comes late is both lost and repeated. */
export class SequenceLedger {
  received = 0;
  lost = 0;
  repeated = 0;
  /** The newest number; null before the first. */
  newest: number | null = null;

  enter(seq: number): void {
    this.received += 1;
    if (this.newest !== null && seq <= this.newest) {
      this.repeated += 1;
      return;
    }
    // The first says where the client began.
    if (this.newest !== null) this.lost += seq - this.newest - 1;
    this.newest = seq;
  }
}

/** Of many clients together. */
export interface Balance {
  clients: number;
  received: number;
  lost: number;
  repeated: number;
  /** Ends of connections that the client did not want. */
  disconnects: number;
  /** Attempts to come back that came to nothing. */
  attemptsFailed: number;
  /** Payloads and messages with errors in them. */
  faults: number;
  /** Some of them, for whoever wonders. */
  samples: string[];
}

/** Nothing is missing, nothing came twice and nothing was wrong. */
export const clean = ({ lost, repeated, faults }: Balance): boolean => lost === 0 && repeated === 0 && faults === 0;
