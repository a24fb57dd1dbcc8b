import { isObjectType, type FieldDefinition, type ObjectType, type Schema } from '@apollo/federation-internals';

/** How events of one subscription field reach a slow client. */
export interface DeliveryPolicy {
  policy: 'KEEP_ALL' | 'LATEST_BY_KEY';
  /** `list.field list.field` or `field field`, relative to the payload; null: the whole payload is one key. */
  key: string | null;
  /** Events a slow client may be behind before it is ended. */
  bound: number;
}

/** Which argument continues a subscription, and which payload field says where it is. */
export interface ResumeContract {
  argument: string;
  cursor: string;
}

/** What the supergraph's owners have declared for us by directives that composition keeps. */
export interface DeclaredDirectives {
  delivery(subscriptionField: string): DeliveryPolicy;
  resume(subscriptionField: string): ResumeContract | null;
  /** True for a field whose value depends on who asks and not only on organization and role. */
  isPersonal(type: string, field: string): boolean;
  readonly anyPersonal: boolean;
  /** How long the answer of a query field is the same within an organization and role; 0 when it is not declared. */
  cachedSeconds(queryField: string): number;
  readonly anyCached: boolean;
}

/** Lossless until the bound: what a supergraph that declares nothing would expect. */
const DEFAULT_DELIVERY: DeliveryPolicy = { policy: 'KEEP_ALL', key: null, bound: 1_000 };

/** Composition keeps them in the supergraph (`@composeDirective`); the API schema no longer has them. */
export function readDeclared(supergraph: Schema): DeclaredDirectives {
  const deliveries = new Map<string, DeliveryPolicy>();
  const resumes = new Map<string, ResumeContract>();
  const personal = new Set<string>();
  const cached = new Map<string, number>();
  for (const field of supergraph.schemaDefinition.root('query')?.type.fields() ?? []) {
    const seconds = argumentsOf(field, 'cached')?.forSeconds;
    if (typeof seconds === 'number' && seconds > 0) cached.set(field.name, seconds);
  }
  for (const field of supergraph.schemaDefinition.root('subscription')?.type.fields() ?? []) {
    const delivery = argumentsOf(field, 'delivery');
    if (delivery) {
      deliveries.set(field.name, {
        policy: delivery.policy === 'LATEST_BY_KEY' ? 'LATEST_BY_KEY' : 'KEEP_ALL',
        key: typeof delivery.key === 'string' ? delivery.key : null,
        bound: typeof delivery.bound === 'number' ? delivery.bound : DEFAULT_DELIVERY.bound,
      });
    }
    const resume = argumentsOf(field, 'resume');
    if (resume) resumes.set(field.name, { argument: String(resume.argument), cursor: String(resume.cursor) });
  }
  if (supergraph.directive('personal')) {
    for (const type of supergraph.types().filter(isObjectType)) {
      for (const field of type.fields()) if (argumentsOf(field, 'personal')) personal.add(`${type.name}.${field.name}`);
    }
  }
  return {
    delivery: (field) => deliveries.get(field) ?? DEFAULT_DELIVERY,
    resume: (field) => resumes.get(field) ?? null,
    isPersonal: (type, field) => personal.has(`${type}.${field}`),
    anyPersonal: personal.size > 0,
    cachedSeconds: (field) => cached.get(field) ?? 0,
    anyCached: cached.size > 0,
  };
}

function argumentsOf(field: FieldDefinition<ObjectType>, directive: string): Record<string, unknown> | undefined {
  return field.appliedDirectives.find(({ name }) => name === directive)?.arguments() as Record<string, unknown> | undefined;
}
