import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { Pool } from 'pg';
import type { ContainerType } from 'type-graphql';
import type { DataSource } from 'typeorm';
import { AssetReader } from './asset/asset.reader.js';
import { AssetResolver } from './asset/asset.resolver.js';
import { AssetService } from './asset/asset.service.js';
import { AssignmentResolver } from './assignment/assignment.resolver.js';
import { AssignmentService } from './assignment/assignment.service.js';
import { ChangePublisher } from './change/change-publisher.js';
import { ChangeWriter } from './change/change-scope.js';
import { DeviceChangeRepository } from './change/device-change.repository.js';
import { DeviceChangeResolver } from './change/device-change.resolver.js';
import { DeviceChangeStream } from './change/device-change.stream.js';
import {
  AssetConnectionResolver,
  DeviceConnectionResolver,
  DeviceProfileConnectionResolver,
  PatientConnectionResolver,
} from './connection/connection.resolver.js';
import type { Clock } from './connectivity/clock.js';
import type { CredentialEdge } from './credential/credential-edge.js';
import { CredentialService } from './credential/credential.service.js';
import { DeviceMutationResolver } from './device/device-mutation.resolver.js';
import { DeviceReader } from './device/device.reader.js';
import { DeviceResolver } from './device/device.resolver.js';
import { DeviceService } from './device/device.service.js';
import { RegistrationService } from './device/registration.service.js';
import type { PatientVault } from './patient/patient-vault.js';
import { EmergencyAccessResolver } from './emergency-access/emergency-access.resolver.js';
import { EmergencyAccessService } from './emergency-access/emergency-access.service.js';
import { PatientReader } from './patient/patient.reader.js';
import { PatientResolver } from './patient/patient.resolver.js';
import { PatientService } from './patient/patient.service.js';
import { ProfileReader } from './profile/profile.reader.js';
import { ProfileResolver } from './profile/profile.resolver.js';
import { ProfileService } from './profile/profile.service.js';

export interface ServiceOptions {
  api: DataSource;
  vault: PatientVault;
  service: Pool;
  bus: LiveBus;
  log: Log;
  clock: Clock;
  cursorKeys: readonly string[];
  mqttPublicUrl: string;
  edge: CredentialEdge;
  edgeDeadlineMs?: number;
  pollMs?: number;
}

/** Who works with whom; the only place that knows all of them. */
export function createServices(options: ServiceOptions) {
  const { api, service, vault, bus, log, clock, cursorKeys, mqttPublicUrl, edge, edgeDeadlineMs, pollMs } = options;
  const publisher = new ChangePublisher(bus, log);
  const writer = new ChangeWriter(api, publisher, () => clock.now());
  const credentials = new CredentialService(writer, edge, mqttPublicUrl, log, edgeDeadlineMs);
  const changes = new DeviceChangeRepository(service);
  const emergencyAccess = new EmergencyAccessService(api, vault, () => clock.now());
  const resolvers = [
    new DeviceResolver(new DeviceReader(api)),
    new ProfileResolver(new ProfileService(writer), new ProfileReader(api)),
    new AssetResolver(new AssetService(writer), new AssetReader(api)),
    new PatientResolver(new PatientService(writer, vault), new PatientReader(api, vault)),
    new DeviceMutationResolver(new DeviceService(writer, credentials), new RegistrationService(writer, credentials), credentials),
    new AssignmentResolver(new AssignmentService(writer, vault)),
    new EmergencyAccessResolver(emergencyAccess),
    new DeviceChangeResolver(),
    new DeviceConnectionResolver(),
    new PatientConnectionResolver(),
    new DeviceProfileConnectionResolver(),
    new AssetConnectionResolver(),
  ];
  return {
    publisher,
    changes,
    deviceChanges: new DeviceChangeStream({ changes, bus, log, cursorKeys, pollMs }),
    container: containerOf(resolvers),
  };
}

function containerOf(instances: readonly object[]): ContainerType {
  const byClass = new Map<unknown, object>(instances.map((instance) => [instance.constructor, instance]));
  return {
    get: (wanted) => {
      const instance = byClass.get(wanted);
      if (!instance) throw new Error(`No instance of ${String(wanted)} was given to the schema`);
      return instance;
    },
  };
}
