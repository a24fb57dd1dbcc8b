import { createHash } from 'node:crypto';
import { CriticalityLevel, diff, type Change } from '@graphql-inspector/core';
import type { PlannedGraph } from '@pulsegraph/gateway';
import type { GraphQLSchema } from 'graphql';
import { executionsOf, usesOf, type AffectedUse, type KnownOperation } from './known-operation.js';
import { ownerOf, type Owners } from './owners.js';

/**
 * `safe`: breaks nobody, whoever they are. `unused`: would break, but nobody uses it. `risky`: clients go on, and may meet
 * something new. `breaks`: somebody stops working. `approved`: breaks, and the owner has said that it may.
 */
export type ChangeVerdict = 'safe' | 'unused' | 'risky' | 'breaks' | 'approved';

export interface WeighedChange {
  /** Names this change of this subgraph, and no other: what an approval is for. */
  id: string;
  type: string;
  path: string;
  message: string;
  verdict: ChangeVerdict;
  owner: string | null;
  affected: AffectedUse[];
  approval: { by: string; reason: string; expiresAt: string } | null;
}

export interface Approval {
  changeId: string;
  by: string;
  reason: string;
  expiresAt: string;
}

export interface Weighing {
  subgraph: string;
  before: { schema: GraphQLSchema; graph: PlannedGraph };
  after: { schema: GraphQLSchema; graph: PlannedGraph };
  operations: readonly KnownOperation[];
  owners: Owners;
  approvals: readonly Approval[];
}

export const changeIdOf = (subgraph: string, { type, path = '', message }: { type: string; path?: string; message: string }): string =>
  createHash('sha256').update([subgraph, type, path, message].join('\n')).digest('hex').slice(0, 12);

/** Every change of what clients see, weighed against everybody who is known to use it. */
export async function weighChanges(weighing: Weighing): Promise<{ changes: WeighedChange[]; broken: KnownOperation[] }> {
  const { before, after, operations, subgraph, owners, approvals } = weighing;
  const changes = await diff(before.schema, after.schema);
  const unsafe = changes.filter(({ criticality }) => criticality.level !== CriticalityLevel.NonBreaking);
  // Whoever uses no type of which something was taken away or narrowed goes on as before.
  const narrowed = new Set(unsafe.map(({ path = '' }) => path.split('.')[0]!));
  const everywhere = [...narrowed].some((type) => type === '' || type.startsWith('@'));
  const concerned = everywhere
    ? operations
    : operations.filter(({ coordinates }) => coordinates.some((each) => narrowed.has(each.split('.')[0]!)));
  const broken = concerned.filter((operation) => stopsWorking(operation, before.graph, after.graph));
  const stopped = new Set(broken);
  const weigh = (change: Change): WeighedChange => {
    const id = changeIdOf(subgraph, change);
    const approval = approvals.find(({ changeId }) => changeId === id) ?? null;
    const path = change.path ?? '';
    const affected = isNarrowing(change) ? operations.filter((operation) => touches(change, operation, stopped.has(operation))) : [];
    return {
      id,
      type: String(change.type),
      path,
      message: change.message,
      owner: ownerOf(owners, path),
      affected: usesOf(affected),
      verdict: verdictOf(change, affected, approval),
      approval: approval && { by: approval.by, reason: approval.reason, expiresAt: approval.expiresAt },
    };
  };
  return { changes: withoutNoise(changes).map(weigh), broken: broken.sort((a, b) => executionsOf(b) - executionsOf(a)) };
}

/** A new field's description is no change of its own, and directives are the gateway's business. */
function withoutNoise(changes: readonly Change[]): Change[] {
  const added = new Set(
    changes.flatMap(({ type, path }) => (/_ADDED$/.test(String(type)) && !/_DESCRIPTION_|_DEPRECATION_/.test(String(type)) ? [path] : [])),
  );
  return changes.filter(
    ({ type, path }) => !String(type).startsWith('DIRECTIVE_') && !(/_DESCRIPTION_ADDED$/.test(String(type)) && added.has(path)),
  );
}

const isNarrowing = ({ criticality }: Change) => criticality.level !== CriticalityLevel.NonBreaking;

function verdictOf({ criticality }: Change, affected: readonly KnownOperation[], approval: Approval | null): ChangeVerdict {
  if (criticality.level === CriticalityLevel.NonBreaking) return 'safe';
  if (affected.length === 0) return 'unused';
  if (criticality.level === CriticalityLevel.Dangerous) return 'risky';
  return approval ? 'approved' : 'breaks';
}

function stopsWorking({ document }: KnownOperation, before: PlannedGraph, after: PlannedGraph): boolean {
  return !after.fits(document) && before.fits(document);
}

/** Changes that leave every document valid and yet reach who uses the place: what comes back or is accepted is another. */
const SILENT = new Set([
  'FIELD_TYPE_CHANGED',
  'ENUM_VALUE_REMOVED',
  'ENUM_VALUE_ADDED',
  'INPUT_FIELD_REMOVED',
  'INPUT_FIELD_ADDED',
  'INPUT_FIELD_TYPE_CHANGED',
  'INPUT_FIELD_DEFAULT_VALUE_CHANGED',
  'UNION_MEMBER_ADDED',
  'OBJECT_TYPE_INTERFACE_ADDED',
  'FIELD_ARGUMENT_DEFAULT_CHANGED',
]);

function touches(change: Change, { coordinates }: KnownOperation, stops: boolean): boolean {
  const type = String(change.type);
  const path = change.path ?? '';
  const [owner = '', member = ''] = path.split('.');
  const uses = (coordinate: string) => coordinates.includes(coordinate);
  switch (type) {
    case 'FIELD_ARGUMENT_DEFAULT_CHANGED':
      return uses(`${owner}.${member}`) && !uses(path);
    case 'FIELD_ARGUMENT_ADDED':
    case 'FIELD_ARGUMENT_REMOVED':
    case 'FIELD_ARGUMENT_TYPE_CHANGED':
      return stops && uses(`${owner}.${member}`);
    case 'ENUM_VALUE_ADDED':
      return uses(owner);
    case 'INPUT_FIELD_ADDED':
    case 'INPUT_FIELD_TYPE_CHANGED':
    case 'INPUT_FIELD_DEFAULT_VALUE_CHANGED':
    case 'UNION_MEMBER_ADDED':
    case 'OBJECT_TYPE_INTERFACE_ADDED':
      return uses(owner);
    case 'UNION_MEMBER_REMOVED':
    case 'OBJECT_TYPE_INTERFACE_REMOVED':
      return stops && uses(owner);
    default:
      return uses(path) && (stops || SILENT.has(type));
  }
}
