import { errors } from '@pulsegraph/kit/errors';
import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, registerEnumType, Resolver, Root } from 'type-graphql';
import type { AlertsContext } from '../context.js';
import { AlertRule } from '../alert-rule/alert-rule.entity.js';
import { Asset, Device, Patient, stubOf, User } from '../entity/stub.type.js';
import { AlertConnection } from './alert.connection.js';
import { BulkAcknowledgement } from './bulk-acknowledgement.type.js';
import { Alert } from './alert.entity.js';
import { AlertEvent } from './alert-event.entity.js';
import { checkFilter } from './alert-filter.js';
import { AlertFilterInput, AlertOrder } from './alert-filter.input.js';
import { keysetOf } from './alert.keyset.js';
import type { AlertRepository } from './alert.repository.js';
import type { AlertService } from './alert.service.js';

registerEnumType(AlertOrder, { name: 'AlertOrder' });

@Resolver(() => Alert)
export class AlertResolver {
  constructor(
    private readonly repository: AlertRepository,
    private readonly service: AlertService,
    private readonly registry: RegistryProjection,
  ) {}

  @Requires('graph:read')
  @Query(() => Alert, { nullable: true })
  async alert(@Arg('id', () => ID) id: string, @Ctx() { loaders }: AlertsContext): Promise<Alert> {
    const alert = await loaders.alert.load(id);
    if (!alert) throw errors.notFound('alert');
    return alert;
  }

  @Requires('graph:read')
  @Query(() => AlertConnection)
  async alerts(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('filter', () => AlertFilterInput, { nullable: true }) given: AlertFilterInput | null,
    @Arg('orderBy', () => AlertOrder, { nullable: true, defaultValue: AlertOrder.NEWEST }) orderBy: AlertOrder | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<AlertConnection> {
    const reader = requireViewer(viewer);
    const filter = given ?? {};
    checkFilter(filter, reader, this.registry);
    const page = parsePage(first ?? 50, after);
    const rows = await this.repository.findPage(reader.organizationId, filter, orderBy ?? AlertOrder.NEWEST, page);
    return { ...toConnection(rows, page, keysetOf), count: () => this.repository.count(reader.organizationId, filter) };
  }

  @Requires('alerts:handle')
  @Mutation(() => Alert, { description: 'Fails with ALERT_ALREADY_ACKNOWLEDGED or ALERT_ALREADY_RESOLVED.' })
  acknowledgeAlert(
    @Arg('id', () => ID) id: string,
    @Arg('note', () => String, { nullable: true }) note: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<Alert> {
    return this.service.acknowledge(requireViewer(viewer), id, note);
  }

  @Requires('alerts:handle')
  @Mutation(() => Alert, { description: 'Fails with ALERT_ALREADY_RESOLVED.' })
  resolveAlert(
    @Arg('id', () => ID) id: string,
    @Arg('note', () => String, { nullable: true }) note: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<Alert> {
    return this.service.resolve(requireViewer(viewer), id, note);
  }

  @Requires('alerts:handle')
  @Mutation(() => BulkAcknowledgement, {
    description: 'Those that could be; the others come back with the code that refused them. At most 500.',
  })
  acknowledgeAlerts(
    @Arg('ids', () => [ID]) ids: string[],
    @Arg('note', () => String, { nullable: true }) note: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<BulkAcknowledgement> {
    return this.service.acknowledgeMany(requireViewer(viewer), ids, note);
  }

  @Requires('alerts:handle')
  @Mutation(() => Alert, { description: 'Without a user: to nobody. Fails with ALERT_ALREADY_RESOLVED.' })
  assignAlert(
    @Arg('id', () => ID) id: string,
    @Arg('userId', () => ID, { nullable: true }) userId: string | null,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<Alert> {
    return this.service.assign(requireViewer(viewer), id, userId ?? null);
  }

  @Requires('alerts:handle')
  @Mutation(() => Alert)
  commentOnAlert(@Arg('id', () => ID) id: string, @Arg('text') text: string, @Ctx() { viewer }: AlertsContext): Promise<Alert> {
    return this.service.comment(requireViewer(viewer), id, text);
  }

  @FieldResolver(() => Device, { nullable: true })
  device(@Root() alert: Alert): Device | null {
    return stubOf(alert.deviceId);
  }

  @FieldResolver(() => Asset, { nullable: true, description: 'As assigned when the condition began.' })
  asset(@Root() alert: Alert): Asset | null {
    return stubOf(alert.assetId);
  }

  @Requires('patients:read', { otherwise: 'NULL' })
  @FieldResolver(() => Patient, { nullable: true, description: 'Null without the right to read patients.' })
  patient(@Root() alert: Alert): Patient | null {
    return stubOf(alert.patientId);
  }

  @FieldResolver(() => AlertRule, { nullable: true, description: 'Null once the rule is deleted.' })
  rule(@Root() alert: Alert, @Ctx() { loaders }: AlertsContext): Promise<AlertRule | null> {
    return loaders.rule.load(alert.ruleId);
  }

  @FieldResolver(() => User, { nullable: true })
  acknowledgedBy(@Root() alert: Alert): User | null {
    return stubOf(alert.acknowledgedById);
  }

  @FieldResolver(() => User, { nullable: true })
  assignee(@Root() alert: Alert): User | null {
    return stubOf(alert.assigneeId);
  }

  @FieldResolver(() => [AlertEvent], { description: 'Oldest first.' })
  async history(@Root() alert: Alert, @Ctx() { loaders }: AlertsContext): Promise<AlertEvent[]> {
    const events = await loaders.history.load(alert.id);
    // In a change the alert is as it was at that transition, and so is its history.
    return events.filter(({ no }) => no <= alert.eventCount);
  }
}

@Resolver(() => AlertEvent)
export class AlertEventResolver {
  @FieldResolver(() => User, { nullable: true })
  by(@Root() event: AlertEvent): User | null {
    return stubOf(event.byId);
  }
}
