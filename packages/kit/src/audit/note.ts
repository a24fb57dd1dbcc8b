import type { AuditActorKind } from '@pulsegraph/contracts';
import type { SubgraphContext, SubgraphRequest } from '../subgraph/subgraph.js';

/** What only the resolver knows: who a stranger turned out to be, and whom it was about. */
export interface AuditNote {
  organizationId?: string;
  actor?: { kind: AuditActorKind; id: string | null; name: string };
  subject?: { type: string; id: string | null };
}

const notes = new WeakMap<SubgraphContext, AuditNote>();
const requests = new WeakMap<SubgraphContext, SubgraphRequest>();

/** Said by a resolver before it ends, whether it succeeds or throws. */
export function noteForAudit(context: SubgraphContext, note: AuditNote): void {
  notes.set(context, { ...notes.get(context), ...note });
}

export const noteOf = (context: SubgraphContext): AuditNote => notes.get(context) ?? {};

export function rememberRequest(context: SubgraphContext, request: SubgraphRequest): void {
  requests.set(context, request);
}

export const requestOf = (context: SubgraphContext): SubgraphRequest | undefined => requests.get(context);
