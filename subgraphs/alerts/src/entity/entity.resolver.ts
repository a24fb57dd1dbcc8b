import type { Severity } from '@pulsegraph/contracts';
import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { AlertConnection } from '../alert/alert.connection.js';
import { SeverityEnum } from '../alert/alert.entity.js';
import { checkFilter, type AlertFilter } from '../alert/alert-filter.js';
import { AlertFilterInput } from '../alert/alert-filter.input.js';
import { keysetOf } from '../alert/alert.keyset.js';
import type { AlertRepository } from '../alert/alert.repository.js';
import type { AlertsContext } from '../context.js';
import { worstOf } from '../device-status/device-status.service.js';
import { Asset, Device, Patient } from './stub.type.js';

const OPEN_SEVERITY = { nullable: true, description: 'The highest severity among the open alerts; null when there is none.' };

/** A page of one subject's alerts, loaded together with those of its neighbours in a list. */
class AlertsOfSubject {
  constructor(
    private readonly alerts: AlertRepository,
    private readonly registry: RegistryProjection,
  ) {}

  async page(
    by: 'deviceId' | 'patientId',
    id: string,
    { viewer, loaders }: AlertsContext,
    first: number | null,
    after: string | null,
    given: AlertFilter | null,
  ): Promise<AlertConnection> {
    const reader = requireViewer(viewer);
    const filter = given ?? {};
    checkFilter(filter, reader, this.registry);
    const page = parsePage(first ?? 20, after);
    const rows = await loaders.alertsOf.load({ by, id, filter, page });
    const count = () => this.alerts.count(reader.organizationId, filter, { by, id });
    return { ...toConnection(rows, page, keysetOf), count };
  }
}

@Resolver(() => Device)
export class DeviceResolver {
  private readonly alertsOf: AlertsOfSubject;
  constructor(alerts: AlertRepository, registry: RegistryProjection) {
    this.alertsOf = new AlertsOfSubject(alerts, registry);
  }

  @Requires('graph:read')
  @FieldResolver(() => AlertConnection, { description: 'Newest first.' })
  alerts(
    @Root() device: Device,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('filter', () => AlertFilterInput, { nullable: true }) filter: AlertFilterInput | null,
    @Ctx() context: AlertsContext,
  ): Promise<AlertConnection> {
    return this.alertsOf.page('deviceId', device.id, context, first, after, filter);
  }

  @Requires('graph:read')
  @FieldResolver(() => SeverityEnum, OPEN_SEVERITY)
  async openSeverity(@Root() device: Device, @Ctx() { loaders }: AlertsContext): Promise<Severity | null> {
    return worstOf((await loaders.openGroups()).filter(({ deviceId }) => deviceId === device.id));
  }
}

@Resolver(() => Asset)
export class AssetResolver {
  constructor(private readonly registry: RegistryProjection) {}

  @Requires('graph:read')
  @FieldResolver(() => SeverityEnum, {
    ...OPEN_SEVERITY,
    description: 'The highest severity among the open alerts here and below; null when there is none.',
  })
  async openSeverity(@Root() asset: Asset, @Ctx() { loaders }: AlertsContext): Promise<Severity | null> {
    const groups = await loaders.openGroups();
    return worstOf(groups.filter(({ assetId }) => assetId !== null && this.registry.isWithin(assetId, asset.id)));
  }
}

@Resolver(() => Patient)
export class PatientResolver {
  private readonly alertsOf: AlertsOfSubject;
  constructor(alerts: AlertRepository, registry: RegistryProjection) {
    this.alertsOf = new AlertsOfSubject(alerts, registry);
  }

  @Requires('patients:read')
  @FieldResolver(() => AlertConnection, { description: 'Newest first.' })
  alerts(
    @Root() patient: Patient,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null,
    @Arg('filter', () => AlertFilterInput, { nullable: true }) filter: AlertFilterInput | null,
    @Ctx() context: AlertsContext,
  ): Promise<AlertConnection> {
    return this.alertsOf.page('patientId', patient.id, context, first, after, filter);
  }

  @Requires('patients:read')
  @FieldResolver(() => SeverityEnum, OPEN_SEVERITY)
  async openSeverity(@Root() patient: Patient, @Ctx() { loaders }: AlertsContext): Promise<Severity | null> {
    return worstOf((await loaders.openGroups()).filter(({ patientId }) => patientId === patient.id));
  }
}
