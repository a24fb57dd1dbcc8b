import type { z } from 'zod';
import { DomainError } from './domain-error.js';

/** Parses an argument at the edge of a service. @throws BAD_USER_INPUT with the path of the first fault, such as `input.metrics[0].unit`. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, name = 'input'): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => ({ path: pathText(name, issue.path), message: issue.message }));
  const [first] = faults;
  throw new DomainError('BAD_USER_INPUT', `${first!.path}: ${first!.message}`, { path: first!.path, faults });
}

function pathText(name: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`), name);
}
