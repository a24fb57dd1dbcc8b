export const ROLES = ['ADMIN', 'ENGINEER', 'OPERATOR', 'CLINICIAN', 'VIEWER'] as const;
export type Role = (typeof ROLES)[number];

export const PERMISSIONS = [
  /** Devices, telemetry, alerts, rules, pipeline. */
  'graph:read',
  /** Patients by name, record number, birth date; their series. */
  'patients:read',
  /** Register, update, assign devices; profiles, assets, firmware, twin, commands. */
  'devices:write',
  /** Assign a device to a patient; create patients. */
  'patients:write',
  /** Acknowledge, resolve, comment, assign, silence. */
  'alerts:handle',
  /** Rules, channels, escalation, dead letters. */
  'rules:write',
  /** Users, API keys, audit, organization. */
  'users:manage',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** The one table of who may do what. Enforced in every subgraph; drives the client's navigation. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  ADMIN: PERMISSIONS,
  ENGINEER: ['graph:read', 'devices:write', 'alerts:handle', 'rules:write'],
  OPERATOR: ['graph:read', 'alerts:handle'],
  CLINICIAN: ['graph:read', 'patients:read', 'patients:write', 'alerts:handle'],
  VIEWER: ['graph:read'],
};

export function may(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].includes(permission);
}
