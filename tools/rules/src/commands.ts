import { readFile, writeFile } from 'node:fs/promises';
import { PlatformClient, type Account } from '@pulsegraph/platform-client';
import { formatDocument, parseDocument } from './document.js';
import { describePlan } from './plan/describe.js';
import { planChanges } from './plan/plan.js';
import { Applier } from './platform/apply.js';
import { adoptFollowers, readInstallation } from './platform/installation.js';
import { References } from './platform/references.js';

export interface CommandOptions {
  file: string;
  url: string;
  account: Account;
  prune: boolean;
  variables: Readonly<Record<string, string | undefined>>;
  report: (line: string) => void;
}

export async function exportRules({ file, url, account, report }: CommandOptions): Promise<void> {
  const platform = new PlatformClient(url, account);
  const { document } = await readInstallation(platform, new References(platform));
  await writeFile(file, formatDocument(document));
  const { rules, channels, policies } = document;
  report(`${file}: ${rules.length} rules, ${channels.length} channels, ${policies.length} escalation policies`);
}

/** @returns Whether the file and the installation differ; nothing is changed. */
export async function diffRules(options: CommandOptions): Promise<boolean> {
  const { plan } = await prepare(options);
  for (const line of describePlan(plan)) options.report(line);
  return plan.changes.length > 0;
}

export async function applyRules(options: CommandOptions): Promise<void> {
  const { plan, applier } = await prepare(options);
  for (const line of describePlan(plan)) options.report(line);
  for (const change of plan.changes) {
    await applier.carryOut(change).catch((error: unknown) => {
      throw new Error(`Could not ${change.action} ${change.kind} "${change.name}": ${(error as Error).message}`, { cause: error });
    });
  }
  if (plan.changes.length > 0) options.report('Done.');
}

/** Reads both sides and checks all that can be checked without changing anything. */
async function prepare({ file, url, account, prune, variables }: CommandOptions) {
  const wanted = parseDocument(await readFile(file, 'utf8'), variables);
  const platform = new PlatformClient(url, account);
  const references = new References(platform);
  const installation = await readInstallation(platform, references);
  adoptFollowers(installation, wanted);
  const plan = planChanges(installation.document, wanted, { prune, secrets: installation.secrets });
  const applier = new Applier(platform, references, installation);
  await applier.check(plan.changes);
  return { plan, applier };
}
