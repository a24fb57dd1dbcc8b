import DataLoader from 'dataloader';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource } from 'typeorm';
import { Organization } from './organization.entity.js';

export type OrganizationLoader = DataLoader<string, Organization | null>;

/** Null for any but the viewer's own organization. */
export function createOrganizationLoader(api: DataSource, organizationId: string | null, requestId: string): OrganizationLoader {
  return new DataLoader(async (ids) => {
    if (!organizationId || !ids.includes(organizationId)) return ids.map(() => null);
    const own = await inOrganization(api, organizationId, (manager) => manager.findOneBy(Organization, { id: organizationId }), requestId);
    return ids.map((id) => (id === organizationId ? own : null));
  });
}
