import { randomUUID } from 'node:crypto';
import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { isForeignKeyViolation, isUniqueViolation } from '@pulsegraph/kit/postgres';
import type { ChangeWriter } from '../change/change-scope.js';
import { registryEntry } from '../registry/registry-entries.js';
import { deviceErrors } from '../errors.js';
import type { DeviceProfile } from './profile.entity.js';
import { ProfileRepository } from './profile.repository.js';
import { profileRules, type ProfileFacts } from './profile.rules.js';

const noSuchProfile = () => errors.notFound('device profile');

/** What kinds of devices measure, and what is normal for them. */
export class ProfileService {
  constructor(private readonly changes: ChangeWriter) {}

  async create(viewer: Viewer, input: unknown): Promise<DeviceProfile> {
    const facts = parseInput(profileRules, input);
    return this.keepingKeysUnique(facts.key, () =>
      this.changes.run(viewer, async (scope) => {
        const profile = toProfile(randomUUID(), viewer.organizationId, facts, scope.at);
        await new ProfileRepository(scope.manager).insert(profile);
        scope.feed(registryEntry.profile(profile));
        return profile;
      }),
    );
  }

  async update(viewer: Viewer, id: string, input: unknown): Promise<DeviceProfile> {
    const facts = parseInput(profileRules, input);
    if (!isUuid(id)) throw noSuchProfile();
    return this.keepingKeysUnique(facts.key, () =>
      this.changes.run(viewer, async (scope) => {
        const profile = toProfile(id, viewer.organizationId, facts, scope.at);
        if (!(await new ProfileRepository(scope.manager).update(profile))) throw noSuchProfile();
        scope.feed(registryEntry.profile(profile));
        return profile;
      }),
    );
  }

  async delete(viewer: Viewer, id: string): Promise<string> {
    if (!isUuid(id)) throw noSuchProfile();
    try {
      return await this.changes.run(viewer, async (scope) => {
        if (!(await new ProfileRepository(scope.manager).delete(id))) throw noSuchProfile();
        scope.feedGone('profile', [id]);
        return id;
      });
    } catch (error) {
      if (isForeignKeyViolation(error, 'device_profile_fkey'))
        throw errors.conflict('Devices still use this profile, retired ones included.');
      throw error;
    }
  }

  /** No "select first": between two concurrent callers only the index decides. */
  private async keepingKeysUnique<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isUniqueViolation(error, 'device_profile_organization_key_key')) throw deviceErrors.profileKeyTaken(key);
      throw error;
    }
  }
}

function toProfile(id: string, organizationId: string, facts: ProfileFacts, createdAt: Date): DeviceProfile {
  const { key, name, domain, offlineAfter, lateAfter } = facts;
  const metrics = facts.metrics.map(({ expectedInterval, ...metric }) => ({ ...metric, expectedIntervalMs: expectedInterval }));
  return { id, organizationId, key, name, domain, metrics, offlineAfterMs: offlineAfter, lateAfterMs: lateAfter, createdAt };
}
