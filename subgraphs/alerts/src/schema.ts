import { buildFederatedSchema } from '@pulsegraph/kit/subgraph';
import type { GraphQLSchema } from 'graphql';
import { AlertEventResolver, AlertResolver } from './alert/alert.resolver.js';
import { AlertConnectionResolver } from './alert/alert.connection.js';
import { AlertChangeResolver } from './alert-change/alert-change.resolver.js';
import { AlertRuleConnectionResolver } from './alert-rule/alert-rule.connection.js';
import { AlertRuleResolver } from './alert-rule/alert-rule.resolver.js';
import { BacktestResolver } from './backtest/backtest.resolver.js';
import type { AlertsContext } from './context.js';
import { DeviceStatusResolver } from './device-status/device-status.resolver.js';
import { AssetResolver, DeviceResolver, PatientResolver } from './entity/entity.resolver.js';
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
  DeviceStatusResolver,
  DeviceResolver,
  AssetResolver,
  PatientResolver,
] as const;

/** Instances of the resolver classes; none is needed to print the schema. */
export type AlertsResolvers = readonly object[];

export interface AlertsSchemaOptions {
  /** With `backtestAlertRule`: only where telemetry gives stored readings in bulk. */
  backtest?: boolean;
}

export function buildAlertsSchema(instances: AlertsResolvers = [], { backtest = false }: AlertsSchemaOptions = {}): GraphQLSchema {
  const byClass = new Map(instances.map((instance) => [instance.constructor, instance]));
  return buildFederatedSchema<AlertsContext>({
    resolvers: backtest ? [...RESOLVERS, BacktestResolver] : RESOLVERS,
    container: { get: (resolver: object) => byClass.get(resolver as never) },
    live: true,
    orphanedTypes: [User],
    references: {
      Alert: ({ id }, { viewer, loaders }) => (viewer ? loaders.alert.load(id) : null),
      AlertRule: ({ id }, { viewer, loaders }) => (viewer ? loaders.rule.load(id) : null),
    },
  });
}
