import { ROLE_PERMISSIONS, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { inOrganization } from '@pulsegraph/kit/postgres';
import { requireSubject } from '@pulsegraph/kit/viewer';
import type { DataSource } from 'typeorm';
import { ApiKey } from '../api-key/api-key.entity.js';
import { Organization } from '../organization/organization.entity.js';
import { preferencesOf } from '../preferences/preferences.service.js';
import { UserRepository } from '../user/user.repository.js';
import type { ViewerView } from './viewer.type.js';

/** Who is asking, in full. */
export class ViewerService {
  constructor(private readonly api: DataSource) {}

  /** @throws FORBIDDEN for a class viewer, which is nobody. UNAUTHENTICATED when person or key is gone. */
  describe(viewer: Viewer, requestId: string): Promise<ViewerView> {
    const subject = requireSubject(viewer);
    const { organizationId, role } = viewer;
    const userId = subject.kind === 'USER' ? subject.id : null;
    return inOrganization(
      this.api,
      organizationId,
      async (manager) => {
        const organization = await manager.findOneBy(Organization, { id: organizationId });
        const user = userId ? await new UserRepository(manager).findById(userId) : null;
        const apiKey = userId ? null : await manager.findOneBy(ApiKey, { id: subject.id });
        if (!organization || (!user && !apiKey)) throw errors.unauthenticated();
        const preferences = await preferencesOf(manager, organizationId, userId);
        return { user, apiKey, role, organization, permissions: ROLE_PERMISSIONS[role], preferences };
      },
      requestId,
    );
  }
}
