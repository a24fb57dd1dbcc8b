import { AUDIT_ACTOR_KINDS, type AuditDelivery } from '@pulsegraph/contracts';
import type { AuditSink } from '@pulsegraph/kit/audit';
import { requireInternalToken } from '@pulsegraph/kit/http';
import { json, Router } from 'express';
import { z } from 'zod';

const nullableText = z.string().nullable();
const delivery: z.ZodType<AuditDelivery> = z.object({
  records: z.array(
    z.object({
      id: z.uuid(),
      organizationId: z.uuid().nullable(),
      at: z.iso.datetime(),
      actorKind: z.enum(AUDIT_ACTOR_KINDS),
      actorId: nullableText,
      actorName: z.string(),
      action: z.string(),
      subjectType: z.string(),
      subjectId: nullableText,
      detail: z.record(z.string(), z.unknown()),
      ip: nullableText,
      requestId: nullableText,
    }),
  ),
});

/** `POST /internal/audit`: what other subgraphs have recorded. 204 when all of it is in the trail; safe to repeat. */
export function auditRoutes(auditTrail: AuditSink, internalToken: string): Router {
  const router = Router();
  router.post('/internal/audit', requireInternalToken(internalToken), json({ limit: '10mb' }), async (request, response) => {
    const body = delivery.safeParse(request.body);
    if (!body.success) {
      response.status(400).json({ error: `The records are not usable: ${body.error.issues[0]!.path.join('.')}.` });
      return;
    }
    await auditTrail.deliver(body.data.records);
    response.status(204).end();
  });
  return router;
}
