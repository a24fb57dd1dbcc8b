import { DomainError } from '@pulsegraph/kit/errors';

export const alertErrors = {
  alreadyAcknowledged: (byName: string | null) =>
    new DomainError(
      'ALERT_ALREADY_ACKNOWLEDGED',
      `This alert is already acknowledged${byName ? ` by ${byName}` : ''}.`,
      byName ? { acknowledgedByName: byName } : {},
    ),
  alreadyResolved: () => new DomainError('ALERT_ALREADY_RESOLVED', 'This alert is already resolved.'),
};
