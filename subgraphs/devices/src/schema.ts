import { buildFederatedSchema } from '@pulsegraph/kit/subgraph';
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
import { EmergencyAccessResolver } from './emergency-access/emergency-access.resolver.js';
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
      EmergencyAccessResolver,
      DeviceChangeResolver,
      DeviceConnectionResolver,
      PatientConnectionResolver,
      DeviceProfileConnectionResolver,
      AssetConnectionResolver,
    ],
    container,
    // Null for what is not the viewer's, in the same way as for what does not exist.
    references: {
      Device: ({ id }, { loaders }) => loaders.device.load(id),
      DeviceProfile: ({ id }, { loaders }) => loaders.profile.load(id),
      Asset: ({ id }, { loaders }) => loaders.asset.load(id),
      Patient: ({ id }, { loaders }) => loaders.patient.load(id),
    },
  });
}
