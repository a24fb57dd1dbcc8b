import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { CliEnv } from '../env.js';
import type { ExitCode } from './exit-code.js';
import type { RegistryClient } from './registry-client.js';

/** What a command may touch. */
export interface CommandContext {
  env: CliEnv;
  client: RegistryClient;
  say: (text: string) => void;
  /** Ends `dev`. */
  stop: AbortSignal;
}

export interface Command {
  /** `name ARGUMENTS --options`, and below it what it does. */
  usage: string;
  summary: string;
  run: (args: string[], context: CommandContext) => Promise<ExitCode>;
}

/** The command line is wrong; the message says how it should be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** @throws UsageError for unknown options and a wrong number of arguments. */
export function parseCommand<O extends Options>(
  args: string[],
  options: O,
  positionals: { min: number; max: number } = { min: 0, max: 0 },
) {
  try {
    const parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
    const { length } = parsed.positionals;
    if (length < positionals.min || length > positionals.max) throw new UsageError('The number of arguments is not right.');
    return parsed;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${option} must be a whole number, not "${text}".`);
  return Number(text);
}

export function required(option: string, value: string | undefined): string {
  if (!value) throw new UsageError(`${option} is required.`);
  return value;
}
