import { Requires } from '@pulsegraph/kit/subgraph';
import { Duration } from '@pulsegraph/kit/scalars';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { change, type DevicesContext } from '../context.js';
import type { CredentialService } from '../credential/credential.service.js';
import { DeviceCredential } from '../credential/credential.type.js';
import { Device } from './device.entity.js';
import { RegisterDeviceInput, UpdateDeviceInput } from './device.input.js';
import { requireDevice } from './device.reader.js';
import type { DeviceService } from './device.service.js';
import { RegisterDevicePayload } from './device.type.js';
import type { RegisteredDevice, RegistrationService } from './registration.service.js';

@Resolver()
export class DeviceMutationResolver {
  constructor(
    private readonly devices: DeviceService,
    private readonly registrations: RegistrationService,
    private readonly credentials: CredentialService,
  ) {}

  @Requires('devices:write')
  @Mutation(() => RegisterDevicePayload)
  async registerDevice(
    @Arg('input', () => RegisterDeviceInput) input: RegisterDeviceInput,
    @Ctx() context: DevicesContext,
  ): Promise<RegisterDevicePayload> {
    const registered = await change(context, (viewer) => this.registrations.registerOne(viewer, input));
    return toPayload(registered, context);
  }

  @Requires('devices:write')
  @Mutation(() => [RegisterDevicePayload], { description: 'All rows or none; errors name the row.' })
  async registerDevices(
    @Arg('input', () => [RegisterDeviceInput]) input: RegisterDeviceInput[],
    @Ctx() context: DevicesContext,
  ): Promise<RegisterDevicePayload[]> {
    const registered = await change(context, (viewer) => this.registrations.registerAll(viewer, input));
    return Promise.all(registered.map((one) => toPayload(one, context)));
  }

  @Requires('devices:write')
  @Mutation(() => Device)
  updateDevice(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateDeviceInput) input: UpdateDeviceInput,
    @Ctx() context: DevicesContext,
  ): Promise<Device> {
    return change(context, (viewer) => this.devices.update(viewer, id, input));
  }

  @Requires('devices:write')
  @Mutation(() => Device)
  retireDevice(@Arg('id', () => ID) id: string, @Ctx() context: DevicesContext): Promise<Device> {
    return change(context, (viewer) => this.devices.retire(viewer, id));
  }

  @Requires('devices:write')
  @Mutation(() => DeviceCredential, {
    description: 'A new token, shown once; the old one stops working after the grace period.',
  })
  rotateDeviceCredential(
    @Arg('id', () => ID) id: string,
    @Arg('grace', () => Duration, { nullable: true, defaultValue: 0 }) graceMs: number | null,
    @Ctx() context: DevicesContext,
  ): Promise<DeviceCredential> {
    return change(context, (viewer) => this.credentials.rotate(viewer, id, graceMs ?? 0));
  }
}

async function toPayload({ deviceId, credential }: RegisteredDevice, { loaders }: DevicesContext): Promise<RegisterDevicePayload> {
  return { device: await requireDevice(loaders, deviceId), credential };
}
