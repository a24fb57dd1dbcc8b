import type { SubgraphContext } from '@pulsegraph/kit/subgraph';
import type { AlertLoaders } from './alert/alert.loader.js';
import type { AlertFeed } from './alert-change/alert-feed.js';
import type { RuleLoaders } from './alert-rule/alert-rule.loader.js';
import type { ChannelLoaders } from './channel/notification-channel.loader.js';
import type { DeliveryLoaders } from './delivery/notification-delivery.loader.js';
import type { PolicyLoaders } from './escalation-policy/escalation-policy.loader.js';

export interface AlertsContext extends SubgraphContext {
  alertFeed: AlertFeed;
  loaders: AlertLoaders & RuleLoaders & ChannelLoaders & DeliveryLoaders & PolicyLoaders;
}
