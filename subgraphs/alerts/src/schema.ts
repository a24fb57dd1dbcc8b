import { buildFederatedSchema } from '@pulsegraph/kit/subgraph';
import type { GraphQLSchema } from 'graphql';
import { AlertEventResolver, AlertResolver } from './alert/alert.resolver.js';
import { AlertConnectionResolver } from './alert/alert.connection.js';
import { AlertChangeResolver } from './alert-change/alert-change.resolver.js';
import { AlertRuleConnectionResolver } from './alert-rule/alert-rule.connection.js';
import { AlertRuleResolver } from './alert-rule/alert-rule.resolver.js';
import { AnalyticsResolver } from './analytics/analytics.resolver.js';
import { BacktestResolver } from './backtest/backtest.resolver.js';
import type { AlertsContext } from './context.js';
import { DeviceStatusResolver } from './device-status/device-status.resolver.js';
import { AssetResolver, DeviceResolver, PatientResolver } from './entity/entity.resolver.js';
import { NotificationChannelResolver } from './channel/notification-channel.resolver.js';
import { NotificationChannelConnectionResolver } from './channel/notification-channel.type.js';
import {
  AlertNotificationsResolver,
  ChannelDeliveriesResolver,
  NotificationDeliveryResolver,
} from './delivery/notification-delivery.resolver.js';
import { NotificationDeliveryConnectionResolver } from './delivery/notification-delivery.type.js';
import { EscalationPolicyResolver, EscalationStepResolver } from './escalation-policy/escalation-policy.resolver.js';
import { EscalationPolicyConnectionResolver } from './escalation-policy/escalation-policy.type.js';
import { PushSubscriptionResolver } from './push/push-subscription.resolver.js';
import { SilenceResolver } from './silence/silence.resolver.js';
import { SilenceConnectionResolver } from './silence/silence.type.js';
import { User } from './entity/stub.type.js';

const RESOLVERS = [
  AlertResolver,
  AlertEventResolver,
  AlertConnectionResolver,
  AlertChangeResolver,
  AlertRuleResolver,
  AlertRuleConnectionResolver,
  SilenceResolver,
  SilenceConnectionResolver,
  NotificationChannelResolver,
  NotificationChannelConnectionResolver,
  ChannelDeliveriesResolver,
  NotificationDeliveryResolver,
  NotificationDeliveryConnectionResolver,
  AlertNotificationsResolver,
  EscalationPolicyResolver,
  EscalationPolicyConnectionResolver,
  EscalationStepResolver,
  PushSubscriptionResolver,
  DeviceStatusResolver,
  DeviceResolver,
  AssetResolver,
  PatientResolver,
  BacktestResolver,
  AnalyticsResolver,
] as const;

/** Instances of the resolver classes; none is needed to print the schema. */
export type AlertsResolvers = readonly object[];

export function buildAlertsSchema(instances: AlertsResolvers = []): GraphQLSchema {
  const byClass = new Map(instances.map((instance) => [instance.constructor, instance]));
  return buildFederatedSchema<AlertsContext>({
    resolvers: RESOLVERS,
    container: { get: (resolver: object) => byClass.get(resolver as never) },
    live: true,
    orphanedTypes: [User],
    references: {
      Alert: ({ id }, { loaders }) => loaders.alert.load(id),
      AlertRule: ({ id }, { loaders }) => loaders.rule.load(id),
    },
  });
}
