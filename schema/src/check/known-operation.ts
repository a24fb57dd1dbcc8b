/** Where an operation is known from. */
export type UseSource = 'usage' | 'document' | 'open';

/** One client's use of one operation. */
export interface OperationUse {
  source: UseSource;
  client: string;
  clientVersion: string;
  /** Executions in the window, or subscriptions open now; 0 for a published document. */
  count: number;
}

/** An operation that somebody runs, has built into a client, or has open. */
export interface KnownOperation {
  name: string;
  document: string;
  coordinates: readonly string[];
  uses: readonly OperationUse[];
}

/** Who stops working, and how much. */
export interface AffectedUse extends OperationUse {
  operation: string;
}

export const usesOf = (operations: readonly KnownOperation[]): AffectedUse[] =>
  operations
    .flatMap(({ name, uses }) => uses.map((use) => ({ operation: name, ...use })))
    .sort(
      (a, b) =>
        b.count - a.count ||
        compareText(a.client, b.client) ||
        compareText(a.clientVersion, b.clientVersion) ||
        compareText(a.operation, b.operation),
    );

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

export const executionsOf = ({ uses }: KnownOperation): number =>
  uses.reduce((sum, { source, count }) => (source === 'usage' ? sum + count : sum), 0);
