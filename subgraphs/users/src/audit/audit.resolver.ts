import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Directive, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { User } from '../user/user.entity.js';
import type { AuditExportService } from './audit-export.service.js';
import type { AuditQueryService } from './audit-query.service.js';
import type { AuditVerifier } from './audit-verifier.js';
import { AuditEvent, AuditEventConnection, AuditExport, AuditFilter, AuditVerification } from './audit.type.js';

@Resolver(() => AuditEvent)
export class AuditResolver {
  constructor(
    private readonly events: AuditQueryService,
    private readonly verifier: AuditVerifier,
    private readonly exports: AuditExportService,
  ) {}

  @Directive('@listSize(slicingArguments: ["first"], sizedFields: ["nodes"], requireOneSlicingArgument: false)')
  @Requires('users:manage')
  @Query(() => AuditEventConnection, { description: 'For administrators, newest first.' })
  auditEvents(
    @Arg('first', () => Int, { defaultValue: 50, nullable: true }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('filter', () => AuditFilter, { nullable: true }) filter: AuditFilter | null,
    @Ctx() { viewer, requestId }: UsersContext,
  ): Promise<AuditEventConnection> {
    return this.events.page(viewer, { first, after, filter }, requestId);
  }

  @Requires('users:manage')
  @Query(() => AuditVerification, {
    description:
      'For administrators: computes the hash chain again and names the first broken link if there is one. With `from`, what came before is taken as right.',
  })
  verifyAuditTrail(
    @Arg('from', () => Date, { nullable: true }) from: Date | null,
    @Arg('to', () => Date, { nullable: true }) to: Date | null,
    @Ctx() { viewer }: UsersContext,
  ): Promise<AuditVerification> {
    return this.verifier.verify(requireViewer(viewer).organizationId, { from, to });
  }

  @Requires('users:manage')
  @Query(() => AuditExport, {
    description: 'For administrators: the trail with a signature, for somebody who need not trust this platform.',
  })
  exportAuditTrail(
    @Arg('after', () => Int, { nullable: true }) after: number | null | undefined,
    @Ctx() { viewer }: UsersContext,
  ): Promise<AuditExport> {
    return this.exports.part(viewer, after ?? null);
  }

  @FieldResolver(() => User, { nullable: true, description: 'Null for whoever was no person, or is gone.' })
  async actor(@Root() { actorId, actorKind }: AuditEvent, @Ctx() { loaders }: UsersContext): Promise<User | null> {
    return actorKind === 'USER' && actorId ? loaders.user.load(actorId) : null;
  }
}
