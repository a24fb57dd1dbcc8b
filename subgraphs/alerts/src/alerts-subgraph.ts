import { audited, type AuditSink } from '@pulsegraph/kit/audit';
import { ChangeHub } from '@pulsegraph/kit/change-stream';
import { busChannel } from '@pulsegraph/contracts';
import { createCursorCodec } from '@pulsegraph/kit/cursor';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import { createDataSource, createPool, migrate, sqlOf, sqlOfClient } from '@pulsegraph/kit/postgres';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import { createSealer } from '@pulsegraph/kit/sealing';
import type { Subgraph } from '@pulsegraph/kit/subgraph';
import { createViewerVerifier } from '@pulsegraph/kit/viewer';
import { AlertEvent } from './alert/alert-event.entity.js';
import { Alert } from './alert/alert.entity.js';
import { AlertConnectionResolver } from './alert/alert.connection.js';
import { createAlertLoaders } from './alert/alert.loader.js';
import { AlertRepository } from './alert/alert.repository.js';
import { AlertEventResolver, AlertResolver } from './alert/alert.resolver.js';
import { AlertService } from './alert/alert.service.js';
import { createChannelLoaders } from './channel/notification-channel.loader.js';
import { NotificationChannel } from './channel/notification-channel.entity.js';
import { NotificationChannelRepository } from './channel/notification-channel.repository.js';
import { NotificationChannelResolver } from './channel/notification-channel.resolver.js';
import { NotificationChannelService } from './channel/notification-channel.service.js';
import { NotificationChannelConnectionResolver } from './channel/notification-channel.type.js';
import { AlertChangeResolver } from './alert-change/alert-change.resolver.js';
import { AlertChangeStore } from './alert-change/alert-change.store.js';
import { AlertFeed } from './alert-change/alert-feed.js';
import { AlertRuleConnectionResolver } from './alert-rule/alert-rule.connection.js';
import { AlertRule } from './alert-rule/alert-rule.entity.js';
import { createRuleLoaders } from './alert-rule/alert-rule.loader.js';
import { AlertRuleRepository } from './alert-rule/alert-rule.repository.js';
import { AlertRuleResolver } from './alert-rule/alert-rule.resolver.js';
import { AlertRuleService } from './alert-rule/alert-rule.service.js';
import { AnalyticsRepository } from './analytics/analytics.repository.js';
import { AnalyticsResolver } from './analytics/analytics.resolver.js';
import { AnalyticsService } from './analytics/analytics.service.js';
import { Announcer } from './announce.js';
import { BacktestResolver } from './backtest/backtest.resolver.js';
import { BacktestService } from './backtest/backtest.service.js';
import type { ReadingHistorySource } from './backtest/reading-history.js';
import type { AlertsContext } from './context.js';
import { ChannelTestService } from './delivery/channel-test.service.js';
import { DeliveryAttempt, NotificationDelivery } from './delivery/notification-delivery.entity.js';
import { createDeliveryLoaders } from './delivery/notification-delivery.loader.js';
import { NotificationDeliveryRepository } from './delivery/notification-delivery.repository.js';
import {
  AlertNotificationsResolver,
  ChannelDeliveriesResolver,
  NotificationDeliveryResolver,
} from './delivery/notification-delivery.resolver.js';
import { NotificationDeliveryConnectionResolver } from './delivery/notification-delivery.type.js';
import { DeviceStatusResolver } from './device-status/device-status.resolver.js';
import { DeviceStatusService } from './device-status/device-status.service.js';
import { AssetResolver, DeviceResolver, PatientResolver } from './entity/entity.resolver.js';
import { EscalationPolicy } from './escalation-policy/escalation-policy.entity.js';
import { createPolicyLoaders } from './escalation-policy/escalation-policy.loader.js';
import { EscalationPolicyRepository } from './escalation-policy/escalation-policy.repository.js';
import { EscalationPolicyResolver, EscalationStepResolver } from './escalation-policy/escalation-policy.resolver.js';
import { EscalationPolicyService } from './escalation-policy/escalation-policy.service.js';
import { EscalationPolicyConnectionResolver } from './escalation-policy/escalation-policy.type.js';
import { prepareJobQueue } from './job/index.js';
import { MIGRATIONS } from './migrations/index.js';
import type { AddressPolicy } from './notification/address-guard.js';
import { PushSubscriptionResolver } from './push/push-subscription.resolver.js';
import { PushSubscriptionService } from './push/push-subscription.service.js';
import { buildAlertsSchema } from './schema.js';
import { Silence } from './silence/silence.entity.js';
import { SilenceRepository } from './silence/silence.repository.js';
import { SilenceResolver } from './silence/silence.resolver.js';
import { SilenceService } from './silence/silence.service.js';
import { SilenceConnectionResolver } from './silence/silence.type.js';

export interface AlertsSubgraphOptions {
  /** Connects as `alerts_migrator`; the other roles follow from it. */
  databaseUrl: string;
  bus: LiveBus;
  log: Log;
  /** VIEWER_KEY: one, or two during a rotation. */
  viewerKeys: readonly string[];
  /** Sign cursors; derived from a stored secret, so that cursors outlive restarts. */
  cursorKeys: readonly string[];
  /** Started by whoever made it. */
  projection: RegistryProjection;
  /** Where the audit trail is kept; without one, records wait in the outbox. */
  auditSink?: AuditSink;
  maxConnections?: number;
  /** Stored readings in bulk, for back-tests. */
  readingHistory: ReadingHistorySource;
  /** As the evaluator's, so that a back-test folds what it would. */
  reopenWithinMs?: number;
  /** DATA_KEY seals what channels keep secret; without any, a key is kept in the database. */
  dataKeys?: readonly string[];
  /** Whether channels may lead into our own network, default: refused. */
  addresses?: AddressPolicy;
  clock?: () => number;
}

/** Role `api`: serves people. Raises nothing; that is the evaluator's. */
export async function createAlertsSubgraph(options: AlertsSubgraphOptions): Promise<Subgraph> {
  const { databaseUrl, bus, log, projection, readingHistory, clock = Date.now } = options;
  await migrate(databaseUrl, 'alerts', MIGRATIONS, () => prepareJobQueue(databaseUrl));
  const sealer = await createSealer({ databaseUrl, owner: 'alerts', secrets: options.dataKeys ?? [] });
  const addresses = options.addresses ?? 'refuse-private';
  const dataSource = await createDataSource({ databaseUrl, owner: 'alerts', kind: 'api', maxConnections: options.maxConnections ?? 10 }, [
    Alert,
    AlertEvent,
    AlertRule,
    DeliveryAttempt,
    EscalationPolicy,
    NotificationChannel,
    NotificationDelivery,
    Silence,
  ]);
  const announcer = new Announcer(bus, log);
  const alerts = new AlertRepository(dataSource, projection);
  const rules = new AlertRuleRepository(dataSource);
  const silences = new SilenceRepository(dataSource);
  const channels = new NotificationChannelRepository(dataSource);
  const policies = new EscalationPolicyRepository(dataSource);
  const deliveries = new NotificationDeliveryRepository(dataSource);
  const store = new AlertChangeStore(dataSource);
  const hub = new ChangeHub({
    bus,
    log,
    channelOf: busChannel.alerts,
    readAfter: (organizationId, seq, limit) => store.readAfter(organizationId, seq, limit),
    latestSeq: (organizationId) => store.latestSeq(organizationId),
  });
  const alertFeed = new AlertFeed(hub, store, createCursorCodec('alerts', options.cursorKeys), projection);
  const schema = buildAlertsSchema([
    new AlertResolver(alerts, new AlertService(alerts, announcer, clock), projection),
    new AlertEventResolver(),
    new AlertConnectionResolver(),
    new AlertRuleConnectionResolver(),
    new AlertChangeResolver(),
    new AlertRuleResolver(rules, new AlertRuleService(rules, projection, announcer, clock), projection),
    new SilenceResolver(silences, new SilenceService(silences, projection, announcer, clock), clock),
    new SilenceConnectionResolver(),
    new NotificationChannelResolver(channels, new NotificationChannelService(channels, sealer, addresses, clock)),
    new NotificationChannelConnectionResolver(),
    new ChannelDeliveriesResolver(deliveries),
    new NotificationDeliveryResolver(new ChannelTestService(channels, deliveries, clock)),
    new NotificationDeliveryConnectionResolver(),
    new AlertNotificationsResolver(),
    new EscalationPolicyResolver(policies, new EscalationPolicyService(policies, channels, clock)),
    new EscalationPolicyConnectionResolver(),
    new EscalationStepResolver(),
    new PushSubscriptionResolver(new PushSubscriptionService(dataSource, sealer, addresses, clock)),
    new DeviceStatusResolver(new DeviceStatusService(alerts, projection, clock)),
    new DeviceResolver(alerts, projection),
    new AssetResolver(projection),
    new PatientResolver(alerts, projection),
    new BacktestResolver(new BacktestService(readingHistory, projection, options.reopenWithinMs ?? 60_000, clock)),
    new AnalyticsResolver(new AnalyticsService(new AnalyticsRepository(alerts), projection, clock)),
  ]);
  const verify = createViewerVerifier(options.viewerKeys);

  const auditPool = createPool({ databaseUrl, owner: 'alerts', kind: 'service', maxConnections: 2 }, (error) =>
    log.warn({ err: error }, 'An idle connection broke'),
  );
  const subgraph: Subgraph = {
    name: 'alerts',
    schema,
    createContext({ viewerHeader, requestId }): AlertsContext {
      const viewer = verify(viewerHeader);
      const organizationId = viewer?.organizationId ?? '';
      return {
        viewer,
        requestId,
        alertFeed,
        loaders: {
          ...createAlertLoaders(alerts, organizationId),
          ...createRuleLoaders(rules, organizationId),
          ...createChannelLoaders(channels, organizationId),
          ...createDeliveryLoaders(deliveries, organizationId),
          ...createPolicyLoaders(policies, organizationId),
        },
      };
    },
    checks: [
      { name: 'postgres', check: async () => void (await dataSource.query('select 1')) },
      { name: 'bus', check: () => bus.ping(), optional: true },
      {
        name: 'registry',
        check: () => (projection.ready ? Promise.resolve() : Promise.reject(new Error('no first snapshot of the device registry yet'))),
      },
    ],
    start: () => Promise.resolve(),
    stop: async () => void (await Promise.all([dataSource.destroy(), auditPool.end()])),
  };
  const sql = { api: sqlOf(dataSource), service: sqlOfClient(auditPool) };
  return audited(subgraph, { owner: 'alerts', ...sql, sink: options.auditSink, log });
}
