import { EnvError } from '@pulsegraph/kit/env';
import { reportText } from '../check/report-text.js';
import { faultText } from '../composition/fault.js';
import { loadCliEnv } from '../env.js';
import { UsageError, type Command } from './command.js';
import { keyCommand, ownersCommand, webhookCommand } from './commands/admin.js';
import { checkCommand } from './commands/check.js';
import { contractCommand } from './commands/contract.js';
import { devCommand } from './commands/dev.js';
import { documentsCommand } from './commands/documents.js';
import { printCommand, verifyCommand } from './commands/files.js';
import { approveCommand, diffCommand, historyCommand, rollbackCommand } from './commands/history.js';
import { publishCommand } from './commands/publish.js';
import { usageCommand } from './commands/usage.js';
import { EXIT, exitOfRefusal, type ExitCode } from './exit-code.js';
import { Refused, RegistryClient, Unreachable } from './registry-client.js';

const COMMANDS: Record<string, Command> = {
  check: checkCommand,
  publish: publishCommand,
  history: historyCommand,
  diff: diffCommand,
  rollback: rollbackCommand,
  approve: approveCommand,
  usage: usageCommand,
  contract: contractCommand,
  documents: documentsCommand,
  owners: ownersCommand,
  webhook: webhookCommand,
  key: keyCommand,
  dev: devCommand,
  print: printCommand,
  verify: verifyCommand,
};

export interface CliOptions {
  environment: NodeJS.ProcessEnv;
  say: (text: string) => void;
  complain: (text: string) => void;
  stop: AbortSignal;
}

/** @returns The exit code; never throws for what the caller can put right. */
export async function runCli([name = '', ...args]: string[], { environment, say, complain, stop }: CliOptions): Promise<ExitCode> {
  const command = COMMANDS[name];
  if (!command) {
    (name === '' || name === 'help' ? say : complain)(usageText(name));
    return name === 'help' ? EXIT.done : EXIT.usage;
  }
  try {
    const env = loadCliEnv(environment);
    return await command.run(args, { env, client: new RegistryClient(env.registryUrl, env.registryKey), say, stop });
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`${error.message}\n  npm run schema -- ${command.usage}`);
      return EXIT.usage;
    }
    if (error instanceof EnvError) {
      complain(error.message);
      return EXIT.usage;
    }
    if (error instanceof Unreachable) {
      complain(error.message);
      return EXIT.unreachable;
    }
    if (!(error instanceof Refused)) throw error;
    complain(refusalText(error));
    return exitOfRefusal(error.code);
  }
}

function refusalText({ code, message, details }: Refused): string {
  if (code === 'COMPOSITION_FAILED' && details.faults) return `It does not compose:\n${details.faults.map(faultText).join('\n')}`;
  if (code === 'BREAKING_CHANGE' && details.report) return reportText(details.report);
  return `${code}: ${message}`;
}

function usageText(name: string): string {
  const lines = Object.values(COMMANDS).map(({ usage, summary }) => `  ${usage}\n      ${summary}`);
  return [
    ...(name === '' || name === 'help' ? [] : [`There is no command "${name}".`]),
    'npm run schema -- COMMAND',
    '',
    ...lines,
    '',
    'The registry is at REGISTRY_URL (http://localhost:4020); REGISTRY_KEY says who you are.',
    'Exit codes: 0 done, 1 breaks somebody, 2 wrong input, 3 does not compose, 4 stale base, 5 no right, 6 registry does not answer.',
  ].join('\n');
}
