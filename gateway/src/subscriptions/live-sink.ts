import type { GraphQLFormattedError } from 'graphql';

/** Why a client's subscription ended; a metric label. */
export type EndReason =
  | 'client_complete'
  | 'client_gone'
  | 'upstream_complete'
  | 'upstream_error'
  | 'slow_consumer'
  | 'session_expired'
  | 'revoked'
  | 'schema_changed'
  | 'shutdown';

/** One subscription's way to its client. Both transports have one; it never blocks and never throws. */
export interface LiveSink {
  /** A whole result as JSON, shared by every client of the operation. */
  send(result: Buffer, cursor: string | null): void;
  /** True while the client reads more slowly than we write. */
  readonly congested: boolean;
  fail(errors: readonly GraphQLFormattedError[]): void;
  complete(): void;
  /** After SLOW_CONSUMER: the connection itself is of no use any more. */
  abandon(): void;
}
