import type { SectionTab } from '../ui/section-tabs';

export const ADMIN_TABS: readonly SectionTab[] = [
  { path: '/users', name: 'Users' },
  { path: '/api-keys', name: 'API keys' },
];
