import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { AlertsContext } from '../context.js';
import { stubOf, User } from '../entity/stub.type.js';
import { Silence, silenceKeysetOf } from './silence.entity.js';
import type { SilenceRepository } from './silence.repository.js';
import type { SilenceService } from './silence.service.js';
import { SilenceConnection, SilenceInput } from './silence.type.js';

@Resolver(() => Silence)
export class SilenceResolver {
  constructor(
    private readonly repository: SilenceRepository,
    private readonly service: SilenceService,
    private readonly now: () => number,
  ) {}

  @Requires('graph:read')
  @Query(() => SilenceConnection, { description: 'The one that ends last first.' })
  async silences(
    @Arg('active', () => Boolean, { nullable: true }) active: boolean | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<SilenceConnection> {
    const { organizationId } = requireViewer(viewer);
    const page = parsePage(first ?? 50, after);
    const now = new Date(this.now());
    const rows = await this.repository.findPage(organizationId, active ?? null, now, page);
    const { nodes, pageInfo } = toConnection(rows, page, silenceKeysetOf);
    return { nodes, pageInfo, count: () => this.repository.count(organizationId, active ?? null, now) };
  }

  @Requires('alerts:handle')
  @Mutation(() => Silence, { description: 'Shelving and maintenance windows: matching alerts are recorded but notify nobody.' })
  createSilence(@Arg('input', () => SilenceInput) input: SilenceInput, @Ctx() { viewer }: AlertsContext): Promise<Silence> {
    return this.service.create(requireViewer(viewer), input);
  }

  @Requires('alerts:handle')
  @Mutation(() => Silence, { description: 'Ends it now; ending it again changes nothing.' })
  endSilence(@Arg('id', () => ID) id: string, @Ctx() { viewer }: AlertsContext): Promise<Silence> {
    return this.service.end(requireViewer(viewer), id);
  }

  @FieldResolver(() => User, { nullable: true })
  createdBy(@Root() silence: Silence): User | null {
    return stubOf(silence.createdById);
  }
}
