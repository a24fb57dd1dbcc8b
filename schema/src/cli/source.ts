import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { Kind, parse, print, visit, type TypeNode } from 'graphql';
import { UsageError } from './command.js';

/** @throws UsageError when there is no such file. */
export async function readSource(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
  }
}

/** A subgraph's committed file, when no other is named. */
export const committedFile = (subgraph: string): string => resolve(__dirname, '..', '..', 'subgraphs', `${subgraph}.graphql`);

const run = promisify(execFile);

/** The commit and its author, as git in this folder has them; empty where there is no git. */
export async function gitContext(): Promise<{ commit: string; author: string }> {
  try {
    const { stdout } = await run('git', ['log', '-1', '--format=%H%n%an'], { timeout: 5_000 });
    const [commit = '', author = ''] = stdout.trim().split('\n');
    return { commit, author };
  } catch {
    return { commit: '', author: '' };
  }
}

/**
 * `_service { sdl }` prints enum values in directives as strings, which composition refuses: they are written back as what
 * their definitions say.
 */
export function withEnumArguments(sdl: string): string {
  const document = parse(sdl);
  const enums = new Set(document.definitions.flatMap((d) => (d.kind === Kind.ENUM_TYPE_DEFINITION ? [d.name.value] : [])));
  const isEnum = (type: TypeNode): boolean => (type.kind === Kind.NAMED_TYPE ? enums.has(type.name.value) : isEnum(type.type));
  const enumArguments = new Set(
    document.definitions.flatMap((d) =>
      d.kind === Kind.DIRECTIVE_DEFINITION
        ? (d.arguments ?? []).filter(({ type }) => isEnum(type)).map(({ name }) => `${d.name.value}.${name.value}`)
        : [],
    ),
  );
  if (enumArguments.size === 0) return sdl;
  const corrected = visit(document, {
    Directive: (directive) => ({
      ...directive,
      arguments: directive.arguments?.map((argument) =>
        argument.value.kind === Kind.STRING && enumArguments.has(`${directive.name.value}.${argument.name.value}`)
          ? { ...argument, value: { kind: Kind.ENUM, value: argument.value.value } }
          : argument,
      ),
    }),
  });
  return print(corrected);
}

/** Sends a query that every subgraph answers. @throws UsageError when nothing answers there. */
export async function sdlFromService(url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ _service { sdl } }' }),
      signal: AbortSignal.timeout(10_000),
    });
    const { data } = (await response.json()) as { data?: { _service?: { sdl?: string } } };
    if (typeof data?._service?.sdl !== 'string') throw new Error(`it answered ${response.status} without an SDL`);
    return withEnumArguments(data._service.sdl);
  } catch (error) {
    throw new UsageError(`${url} is no subgraph: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
