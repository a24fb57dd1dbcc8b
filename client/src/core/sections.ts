import type { SectionTab } from '../ui/section-tabs';

/** Pages that stand beside each other under one entry of the navigation, some of them from different features. */
export const ALERT_TABS: readonly SectionTab[] = [
  { path: '/alerts', name: 'Alerts' },
  { path: '/silences', name: 'Silences' },
];
export const RULE_TABS: readonly SectionTab[] = [
  { path: '/rules', name: 'Rules' },
  { path: '/channels', name: 'Channels' },
  { path: '/escalation', name: 'Escalation' },
];
export const PIPELINE_TABS: readonly SectionTab[] = [
  { path: '/pipeline', name: 'State' },
  { path: '/dead-letters', name: 'Rejected messages' },
];
export const ADMIN_TABS: readonly SectionTab[] = [
  { path: '/users', name: 'Users' },
  { path: '/api-keys', name: 'API keys' },
  { path: '/audit', name: 'Audit trail' },
];
