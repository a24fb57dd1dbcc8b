import { requirePermission } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';
import { errors } from '@pulsegraph/kit/errors';
import { DeviceProfileConnection } from '../connection/connection.type.js';
import { change, type DevicesContext } from '../context.js';
import { DeviceProfile } from './profile.entity.js';
import { DeviceProfileInput } from './profile.input.js';
import type { ProfileReader } from './profile.reader.js';
import type { ProfileService } from './profile.service.js';

@Resolver(() => DeviceProfile)
export class ProfileResolver {
  constructor(
    private readonly profiles: ProfileService,
    private readonly reader: ProfileReader,
  ) {}

  @Query(() => DeviceProfileConnection)
  deviceProfiles(
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { viewer, requestId }: DevicesContext,
  ): Promise<DeviceProfileConnection> {
    return this.reader.page(requirePermission(viewer, 'graph:read'), { first, after }, requestId);
  }

  @Query(() => DeviceProfile, { nullable: true })
  async deviceProfile(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<DeviceProfile> {
    requirePermission(context.viewer, 'graph:read');
    const profile = await context.loaders.profile.load(id);
    if (!profile) throw errors.notFound('device profile');
    return profile;
  }

  @Mutation(() => DeviceProfile)
  createDeviceProfile(
    @Arg('input', () => DeviceProfileInput) input: DeviceProfileInput,
    @Ctx() context: DevicesContext,
  ): Promise<DeviceProfile> {
    return change(context, 'devices:write', (viewer) => this.profiles.create(viewer, input));
  }

  @Mutation(() => DeviceProfile)
  updateDeviceProfile(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => DeviceProfileInput) input: DeviceProfileInput,
    @Ctx() context: DevicesContext,
  ): Promise<DeviceProfile> {
    return change(context, 'devices:write', (viewer) => this.profiles.update(viewer, id, input));
  }

  @Mutation(() => ID)
  deleteDeviceProfile(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<string> {
    return change(context, 'devices:write', (viewer) => this.profiles.delete(viewer, id));
  }
}
