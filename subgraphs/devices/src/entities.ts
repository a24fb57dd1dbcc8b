import { Asset } from './asset/asset.entity.js';
import { Assignment } from './assignment/assignment.entity.js';
import { Credential } from './credential/credential.entity.js';
import { DevicePresence } from './device/device-presence.entity.js';
import { Device } from './device/device.entity.js';
import { EmergencyAccessRow } from './emergency-access/emergency-access.entity.js';
import { PatientRow } from './patient/patient.row.js';
import { DeviceProfile } from './profile/profile.entity.js';

export const ENTITIES = [DeviceProfile, Asset, PatientRow, Device, DevicePresence, Assignment, Credential, EmergencyAccessRow];
