import { DomainError } from '@pulsegraph/kit/errors';

/** Failures of this subgraph alone; those that mean the same everywhere are in kit. */
export const deviceErrors = {
  keyTaken: (key: string, path: string) =>
    new DomainError('DEVICE_KEY_TAKEN', `A device with the key ${key} exists or existed; keys are never reused.`, { key, path }),
  profileKeyTaken: (key: string) =>
    new DomainError('PROFILE_KEY_TAKEN', `A profile with the key ${key} exists.`, { key, path: 'input.key' }),
  assignmentOverlaps: () => new DomainError('ASSIGNMENT_OVERLAPS', 'The device was assigned elsewhere during this interval.'),
  edgeUnavailable: (cause: unknown) =>
    new DomainError('EDGE_UNAVAILABLE', 'The MQTT edge did not accept the credential in time; nothing was changed.', {}, { cause }),
};
