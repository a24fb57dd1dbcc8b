import type { GraphQLResult } from '../../operation/plan-execution.js';

/** An event as clients get it. `seq` counts the group's events from 1. */
export interface DeliveredEvent {
  readonly seq: number;
  readonly result: GraphQLResult;
  readonly payload: Buffer;
  readonly cursor: string | null;
  readonly keys: readonly string[];
}

export interface CatchUp {
  readonly payload: Buffer;
  readonly cursor: string | null;
  /** The client is here after this payload. */
  readonly seq: number;
  readonly skipped: number;
}

/** What slow clients of a group have still to get. Kept once per group, however many of them there are. */
export interface DeliveryHistory {
  add(event: DeliveredEvent): void;
  /** The next payload for a client that has everything up to `seq`; undefined when it has everything. */
  after(seq: number): CatchUp | undefined;
  /** Clients that have less than this can no longer be served. */
  readonly oldestServableSeq: number;
}
