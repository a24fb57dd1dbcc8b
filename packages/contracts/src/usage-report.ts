import { z } from 'zod';

/** What a gateway tells the schema registry. Documents hold no literals, and variables are never reported. */
const operation = z.object({
  /** SHA-256 of `document`. */
  signature: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().max(200),
  document: z.string().max(200_000),
  /** `Type.field`, `Type.field.argument`, `Input.field`, `Enum.VALUE`. */
  coordinates: z.array(z.string().max(400)).max(5_000),
});

const tally = z.object({
  signature: z.string(),
  client: z.string().max(64),
  clientVersion: z.string().max(64),
  /** Estimated from the sample. */
  count: z.number().nonnegative(),
  errors: z.number().nonnegative(),
  durationMs: z.number().nonnegative(),
});

const openOperation = z.object({
  document: z.string().max(200_000),
  name: z.string().max(200),
  client: z.string().max(64),
  clientVersion: z.string().max(64),
  count: z.number().int().positive(),
});

export const usageReportShape = z.object({
  /** Names the process, so that its open subscriptions replace those that it told of before. */
  gatewayId: z.string().min(1).max(100),
  /** Version of the supergraph that it serves; null while that came from a file. */
  servedVersion: z.number().int().nullable(),
  atMs: z.number(),
  operations: z.array(operation).max(20_000),
  tallies: z.array(tally).max(50_000),
  /** Subscriptions that are open now; all of them. */
  open: z.array(openOperation).max(50_000),
  /** Executions that found no room in the report. */
  dropped: z.number().int().nonnegative().default(0),
});

export type UsageReport = z.infer<typeof usageReportShape>;
export type ReportedOperation = z.infer<typeof operation>;
export type OpenOperation = z.infer<typeof openOperation>;

/** The registry names the signatures whose documents it does not have; the gateway sends them with its next report. */
export interface UsageReceipt {
  unknown: string[];
}
