import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
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

  @Requires('graph:read')
  @Query(() => DeviceProfileConnection)
  deviceProfiles(
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) first: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Ctx() { viewer, requestId }: DevicesContext,
  ): Promise<DeviceProfileConnection> {
    return this.reader.page(requireViewer(viewer), { first, after }, requestId);
  }

  @Requires('graph:read')
  @Query(() => DeviceProfile, { nullable: true })
  async deviceProfile(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<DeviceProfile> {
    const profile = await context.loaders.profile.load(id);
    if (!profile) throw errors.notFound('device profile');
    return profile;
  }

  @Requires('devices:write')
  @Mutation(() => DeviceProfile)
  createDeviceProfile(
    @Arg('input', () => DeviceProfileInput) input: DeviceProfileInput,
    @Ctx() context: DevicesContext,
  ): Promise<DeviceProfile> {
    return change(context, (viewer) => this.profiles.create(viewer, input));
  }

  @Requires('devices:write')
  @Mutation(() => DeviceProfile)
  updateDeviceProfile(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => DeviceProfileInput) input: DeviceProfileInput,
    @Ctx() context: DevicesContext,
  ): Promise<DeviceProfile> {
    return change(context, (viewer) => this.profiles.update(viewer, id, input));
  }

  @Requires('devices:write')
  @Mutation(() => ID)
  deleteDeviceProfile(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<string> {
    return change(context, (viewer) => this.profiles.delete(viewer, id));
  }
}
