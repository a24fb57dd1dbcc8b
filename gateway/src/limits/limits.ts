/** What one caller may ask for. Each refusal names its limit in `extensions.limit`. */
export interface GatewayLimits {
  /** Of an HTTP request body or one WebSocket message. */
  bodyBytes: number;
  /** Lexical tokens of a document. */
  tokens: number;
  depth: number;
  aliases: number;
  rootFields: number;
  directives: number;
  /** By `@cost` and `@listSize`, computed before execution. */
  cost: number;
  /** Requests in one HTTP batch; 0 refuses batches. */
  batchSize: number;
  /** For one fetch of a subgraph. */
  subgraphDeadlineMs: number;
  /** For a whole query or mutation. */
  requestDeadlineMs: number;
  /** From the opening of a socket to its connection_init. */
  connectionInitMs: number;
  operationsPerSocket: number;
  /** Open subscriptions of one person or API key over all of its connections. */
  subscriptionsPerViewer: number;
  /** Open sockets and event streams of this process; beyond, 503 with Retry-After. */
  connections: number;
}

export const DEFAULT_LIMITS: Readonly<GatewayLimits> = {
  bodyBytes: 1 << 20,
  tokens: 10_000,
  depth: 20,
  aliases: 100,
  rootFields: 30,
  directives: 100,
  cost: 100_000,
  batchSize: 0,
  subgraphDeadlineMs: 10_000,
  requestDeadlineMs: 30_000,
  connectionInitMs: 5_000,
  operationsPerSocket: 200,
  subscriptionsPerViewer: 1_000,
  connections: 50_000,
};
