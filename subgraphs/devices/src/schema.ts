import { may } from '@pulsegraph/contracts';
import { buildFederatedSchema } from '@pulsegraph/kit/subgraph';
import { requirePermission } from '@pulsegraph/kit/viewer';
import type { GraphQLSchema } from 'graphql';
import type { ContainerType } from 'type-graphql';
import { AssetResolver } from './asset/asset.resolver.js';
import { AssignmentResolver } from './assignment/assignment.resolver.js';
import { DeviceChangeResolver } from './change/device-change.resolver.js';
import {
  AssetConnectionResolver,
  DeviceConnectionResolver,
  DeviceProfileConnectionResolver,
  PatientConnectionResolver,
} from './connection/connection.resolver.js';
import type { DevicesContext } from './context.js';
import { DeviceMutationResolver } from './device/device-mutation.resolver.js';
import { DeviceResolver } from './device/device.resolver.js';
import { PatientResolver } from './patient/patient.resolver.js';
import { ProfileResolver } from './profile/profile.resolver.js';

const unserved: ContainerType = {
  get: () => {
    throw new Error('This schema was built to be printed; it has no services.');
  },
};

/** @param container Holds the resolvers. Without one the schema can be printed and composed, not executed. */
export function buildDevicesSchema(container: ContainerType = unserved): GraphQLSchema {
  return buildFederatedSchema<DevicesContext>({
    live: true,
    resolvers: [
      DeviceResolver,
      ProfileResolver,
      AssetResolver,
      PatientResolver,
      DeviceMutationResolver,
      AssignmentResolver,
      DeviceChangeResolver,
      DeviceConnectionResolver,
      PatientConnectionResolver,
      DeviceProfileConnectionResolver,
      AssetConnectionResolver,
    ],
    container,
    // Null for what is not the viewer's, in the same way as for what does not exist.
    references: {
      Device: ({ id }, context) => readable(context).device.load(id),
      DeviceProfile: ({ id }, context) => readable(context).profile.load(id),
      Asset: ({ id }, context) => readable(context).asset.load(id),
      Patient: ({ id }, context) => {
        const { patient } = readable(context);
        return may(context.viewer!.role, 'patients:read') ? patient.load(id) : null;
      },
    },
  });
}

function readable({ viewer, loaders }: DevicesContext): DevicesContext['loaders'] {
  requirePermission(viewer, 'graph:read');
  return loaders;
}
