import { randomUUID } from 'node:crypto';
import type { AuditRecord } from '@pulsegraph/contracts';
import { getNamedType, isObjectType, type GraphQLResolveInfo } from 'graphql';
import type { SubgraphContext } from '../subgraph/subgraph.js';
import { maskedArguments } from './masked-arguments.js';
import { noteOf, requestOf } from './note.js';

export interface Call {
  args: Record<string, unknown>;
  context: SubgraphContext;
  info: GraphQLResolveInfo;
}

/** The record of a call of a root field, as far as is known before it runs. */
export function recordOf({ args, context, info }: Call, personal: ReadonlySet<string>): AuditRecord {
  const declared = info.parentType.getFields()[info.fieldName]!.args;
  return {
    ...whoAndWhere(context),
    action: info.fieldName,
    ...namedSubject(info, args),
    detail: { arguments: maskedArguments(declared, args, personal) },
  };
}

/** @param subjectId Of the patient or other person whose data was read. */
export function readRecord(context: SubgraphContext, type: string, subjectId: string | null, detail: object = {}): AuditRecord {
  return { ...whoAndWhere(context), action: `read${type}`, subjectType: type, subjectId, detail: { outcome: 'SUCCEEDED', ...detail } };
}

/** How the call ended, and what only its result or its resolver could say. */
export function completed(
  record: AuditRecord,
  { context, info }: Call,
  end: { outcome: string; code?: string },
  result?: unknown,
): AuditRecord {
  const { organizationId, actor, subject } = noteOf(context);
  return {
    ...record,
    ...(end.outcome === 'SUCCEEDED' && subjectOfResult(info, result)),
    ...(subject && { subjectType: subject.type, subjectId: subject.id }),
    ...(organizationId && { organizationId }),
    ...(actor && { actorKind: actor.kind, actorId: actor.id, actorName: actor.name }),
    detail: { ...record.detail, ...end },
  };
}

function whoAndWhere(context: SubgraphContext) {
  const { viewer, requestId } = context;
  const subject = viewer?.subject;
  return {
    id: randomUUID(),
    organizationId: viewer?.organizationId ?? null,
    at: new Date().toISOString(),
    actorKind: subject?.kind ?? ('SYSTEM' as const),
    actorId: subject?.id ?? null,
    actorName: subject?.name ?? 'Not signed in',
    ip: requestOf(context)?.clientAddress ?? null,
    requestId,
  };
}

/** `deleteAsset(id:)` is about an Asset, `updateTwinDesired(deviceId:)` about a Device. */
function namedSubject(info: GraphQLResolveInfo, args: Record<string, unknown>): Pick<AuditRecord, 'subjectType' | 'subjectId'> {
  const type = getNamedType(info.returnType);
  const ofVerb = /^[a-z]+([A-Z]\w*)$/.exec(info.fieldName)?.[1];
  if (typeof args.id === 'string') return { subjectType: isObjectType(type) ? type.name : (ofVerb ?? type.name), subjectId: args.id };
  const reference = Object.entries(args).find(([name, value]) => name.endsWith('Id') && typeof value === 'string');
  if (reference) {
    const [name, id] = reference as [string, string];
    return { subjectType: name[0]!.toUpperCase() + name.slice(1, -2), subjectId: id };
  }
  return { subjectType: isObjectType(type) ? type.name : (ofVerb ?? type.name), subjectId: null };
}

/** The thing itself, or the first thing in a payload. Empty when the result names nothing. */
function subjectOfResult(info: GraphQLResolveInfo, result: unknown): Partial<AuditRecord> {
  const type = getNamedType(info.returnType);
  if (!isObjectType(type) || typeof result !== 'object' || result === null || Array.isArray(result)) return {};
  if (hasId(result)) return { subjectType: type.name, subjectId: result.id };
  for (const field of Object.values(type.getFields())) {
    const part = (result as Record<string, unknown>)[field.name];
    const partType = getNamedType(field.type);
    if (isObjectType(partType) && hasId(part)) return { subjectType: partType.name, subjectId: part.id };
  }
  return {};
}

function hasId(value: unknown): value is { id: string } {
  return typeof value === 'object' && value !== null && typeof (value as { id?: unknown }).id === 'string';
}
