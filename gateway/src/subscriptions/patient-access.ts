import { patientIdsIn } from '@pulsegraph/contracts';
import { DomainError } from '@pulsegraph/kit/errors';
import { Kind, valueFromASTUntyped } from 'graphql';
import type { Caller, Engine } from '../operation/engine.js';
import type { Ready } from './family.js';

/**
 * Puts on record that a person begins to watch patients, in the subgraph that owns the subscription: if that is away
 * there is nothing to watch either. Undefined where no patient is shown, or to nobody in particular.
 * @throws (by rejection) SERVICE_UNAVAILABLE when it cannot be recorded: then it must not begin.
 */
export function recordPatientAccess(ready: Ready, caller: Caller, engine: Engine): Promise<void> | undefined {
  const { prepared, runtime, variables } = ready;
  if (!caller.viewer?.subject || !prepared.live) return undefined;
  const field = prepared.operation.selectionSet.selections.find((selection) => selection.kind === Kind.FIELD);
  const given = Object.fromEntries(
    (field?.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables) as unknown]),
  );
  const patientIds = patientIdsIn(given);
  if (!prepared.showsPatients && patientIds.length === 0) return undefined;
  const client = runtime.clients.get(prepared.live.primary.serviceName);
  if (!client) return undefined;
  return client
    .recordAccess({ action: field?.name.value ?? prepared.name, patientIds }, engine.contextOf(caller))
    .catch((cause: unknown) => {
      throw new DomainError(
        'SERVICE_UNAVAILABLE',
        'This cannot be recorded in the audit trail just now, so it was not begun. Try again shortly.',
        { service: 'audit' },
        { cause },
      );
    });
}
