import { Cursor } from '@pulsegraph/kit/scalars';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Directive, Field, FieldResolver, ObjectType, registerEnumType, Resolver, Root, Subscription } from 'type-graphql';
import type { DevicesContext } from '../context.js';
import { DeviceFilter } from '../device/device.input.js';
import { Device } from '../device/device.entity.js';
import { requireDevice } from '../device/device.reader.js';
import { DEVICE_CHANGE_KINDS, type DeviceChangeKind } from './append-changes.js';
import type { DeviceChangeEvent } from './device-change.stream.js';
import type { DeviceCriteria } from './device-filter.js';

const DeviceChangeKindEnum = Object.fromEntries(DEVICE_CHANGE_KINDS.map((kind) => [kind, kind])) as { [K in DeviceChangeKind]: K };
registerEnumType(DeviceChangeKindEnum, { name: 'DeviceChangeKind' });

@ObjectType()
export class DeviceChange {
  @Field(() => Cursor) cursor!: string;
  deviceId!: string;
  @Field(() => DeviceChangeKindEnum) change!: DeviceChangeKind;
  @Field(() => Date) at!: Date;
}

interface DeviceChangedArguments {
  filter?: DeviceCriteria | null;
  after?: string | null;
}

@Resolver(() => DeviceChange)
export class DeviceChangeResolver {
  @Requires('graph:read')
  @Directive('@resume(argument: "after", cursor: "cursor")')
  @Directive('@delivery(policy: LATEST_BY_KEY, key: "device.id")')
  @Subscription(() => DeviceChange, {
    description: 'Connectivity, assignment or attribute changes.',
    // async, so that a refusal becomes the operation's error and not a thrown exception in the transport.
    subscribe: async ({ args, context }) => {
      const { viewer, loaders, deviceChanges } = context as DevicesContext;
      const { filter, after } = args as DeviceChangedArguments;
      return deviceChanges.subscribe(requireViewer(viewer), filter, after, loaders);
    },
  })
  deviceChanged(
    @Root() event: DeviceChangeEvent,
    @Arg('filter', () => DeviceFilter, { nullable: true }) filter: DeviceFilter | null | undefined,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null | undefined,
  ): DeviceChange {
    // Arguments of the schema; `subscribe` has used them.
    void [filter, after];
    return event;
  }

  @FieldResolver(() => Device)
  device(@Root() { deviceId }: DeviceChange, @Ctx() { loaders }: DevicesContext): Promise<Device> {
    return requireDevice(loaders, deviceId);
  }
}
