import { z } from 'zod';
import { short } from '../refusal.js';
import type { RawValue } from '../raw-reading.js';

const DATATYPES = ['integer', 'float', 'boolean', 'string', 'enum', 'color', 'datetime', 'duration', 'json'] as const;
export type Datatype = (typeof DATATYPES)[number];

export interface Property {
  datatype: Datatype;
  unit: string | null;
}

/** By `node/property`. */
export type Properties = Map<string, Property>;

const MAX_PROPERTIES = 2_000;

const description = z.object({
  nodes: z
    .record(
      z.string(),
      z.object({
        properties: z.record(z.string(), z.object({ datatype: z.enum(DATATYPES), unit: z.string().max(64).optional() })).optional(),
      }),
    )
    .optional(),
});

/** @returns What is wrong with it, in a sentence, where it cannot be used. */
export function learnDescription(text: string): Properties | string {
  const properties: Properties = new Map();
  if (text === '') return properties;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return short(`Not JSON: ${(error as Error).message}.`, 200);
  }
  const parsed = description.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return short(`${issue?.path.join('.') || 'The description'}: ${issue?.message ?? 'not as expected'}.`, 200);
  }
  for (const [node, { properties: own = {} }] of Object.entries(parsed.data.nodes ?? {})) {
    for (const [property, { datatype, unit }] of Object.entries(own)) {
      if (properties.size >= MAX_PROPERTIES) return `More than ${MAX_PROPERTIES} properties are described.`;
      properties.set(`${node}/${property}`, { datatype, unit: unit ?? null });
    }
  }
  return properties;
}

const NUMBER = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** The value by its datatype; without one, whatever it looks like. Undefined when it is not of its type. */
export function valueOf(text: string, datatype: Datatype | undefined): RawValue | undefined {
  if (datatype === undefined) {
    if (text === 'true' || text === 'false') return text === 'true';
    return NUMBER.test(text) ? Number(text) : text;
  }
  switch (datatype) {
    case 'integer':
      return /^-?\d{1,19}$/.test(text) ? Number(text) : undefined;
    case 'float':
      return NUMBER.test(text) ? Number(text) : undefined;
    case 'boolean':
      return text === 'true' || text === 'false' ? text === 'true' : undefined;
    default:
      // The empty text is sent as one zero byte, because an empty payload takes a value back.
      return text === '\0' ? '' : text;
  }
}
