import type { SectionTab } from '../ui/section-tabs';

export const PIPELINE_TABS: readonly SectionTab[] = [
  { path: '/pipeline', name: 'State' },
  { path: '/dead-letters', name: 'Rejected messages' },
];
