import type { SectionTab } from '../ui/section-tabs';

export const ALERT_TABS: readonly SectionTab[] = [
  { path: '/alerts', name: 'Alerts' },
  { path: '/silences', name: 'Silences' },
];
