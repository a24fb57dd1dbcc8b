import { faultText } from '../composition/fault.js';
import type { CheckReport } from './check.js';
import type { AffectedUse } from './known-operation.js';
import type { WeighedChange } from './weigh-changes.js';

const number = (value: number) => Math.round(value).toLocaleString('en-US');
const signed = (value: number) => (value > 0 ? `+${value}` : String(value));

/** Most people read the first line and the reasons: they stand on top. */
export function reportText(report: CheckReport): string {
  const { subgraph, verdict, reasons, faults, live, plans, lint, looked } = report;
  const lines = [`${verdict === 'passed' ? 'PASSED' : 'FAILED'}  ${subgraph}`, ...reasons.map((reason) => `  ${reason}`)];
  if (faults.length > 0) lines.push('', ...faults.map(faultText));
  const told = report.changes.filter(({ verdict }) => verdict !== 'safe');
  if (told.length > 0) lines.push('', 'Changes that could break somebody:');
  for (const change of told) {
    lines.push(`  ${change.verdict.padEnd(8)} ${change.message}  [${change.id}]${change.owner ? `, owned by ${change.owner}` : ''}`);
    for (const use of change.affected) lines.push(`             ${useText(use)}`);
    if (change.approval)
      lines.push(`             approved by ${change.approval.by} until ${change.approval.expiresAt}: ${change.approval.reason}`);
  }
  const safe = report.changes.length - told.length;
  if (safe > 0) lines.push('', `${safe} ${safe === 1 ? 'change' : 'changes'} that can break nobody.`);
  if (live) lines.push('', liveText(live));
  for (const { operation, client, clientVersion, count, because } of live?.ending ?? [])
    lines.push(`  ends ${number(count)} of ${client} ${clientVersion}, ${operation}: ${because}`);
  for (const change of plans?.changes ?? [])
    lines.push(
      `  plan of ${change.operation}: hops ${change.before.hops} → ${change.after.hops}, fetches ${change.before.fetches} → ${change.after.fetches}, cost ${change.before.cost} → ${change.after.cost}`,
    );
  if (lint.length > 0)
    lines.push(
      '',
      'Worth a look:',
      ...lint.map(({ path, message, line }) => `  ${path}${line === null ? '' : `, line ${line}`}: ${message}`),
    );
  lines.push('', lookedText(looked));
  return `${lines.join('\n')}\n`;
}

const liveText = ({ ends, replans, unchanged }: { ends: number; replans: number; unchanged: number }) =>
  `Open subscriptions: ends ${number(ends)}, re-plans ${number(replans)}, leaves ${number(unchanged)} unchanged.`;

const lookedText = ({ operations, executions, documents, openSubscriptions, windowDays }: CheckReport['looked']) =>
  `Looked at ${number(operations)} operations: ${number(executions)} executions in ${windowDays} days, ${number(documents)} published documents, ${number(openSubscriptions)} open subscriptions.`;

function useText({ source, client, clientVersion, operation, count }: AffectedUse): string {
  const how =
    source === 'usage' ? `${number(count)} executions` : source === 'open' ? `${number(count)} open now` : 'built into the client';
  return `${client} ${clientVersion}, ${operation}: ${how}`;
}

/** A pull-request comment. Text from schemas and clients stands in code, so that it cannot be markup. */
export function reportMarkdown(report: CheckReport): string {
  const { subgraph, verdict, reasons, faults, live, plans, lint, looked } = report;
  const lines = [`### Schema check of \`${subgraph}\`: ${verdict === 'passed' ? '✅ passed' : '❌ failed'}`, ''];
  for (const reason of reasons) lines.push(`- ${code(reason)}`);
  if (reasons.length > 0) lines.push('');
  if (faults.length > 0) {
    lines.push('| where | what | hint |', '| --- | --- | --- |');
    for (const { file, line, message, hint } of faults)
      lines.push(`| ${code(`${file ?? ''}${line === null ? '' : `:${line}`}`)} | ${code(message)} | ${code(hint)} |`);
    lines.push('');
  }
  const told = report.changes.filter(({ verdict }) => verdict !== 'safe');
  if (told.length > 0) {
    lines.push('| verdict | change | who | id |', '| --- | --- | --- | --- |');
    for (const change of told) lines.push(`| ${change.verdict} | ${code(change.message)} | ${whoOf(change)} | \`${change.id}\` |`);
    lines.push('');
  }
  if (live) lines.push(`**${liveText(live)}**`, '');
  if (plans && plans.changes.length > 0) {
    lines.push('| busy operation | hops | fetches | cost |', '| --- | --- | --- | --- |');
    for (const { operation, extraHops, extraFetches, extraCost } of plans.changes)
      lines.push(`| ${code(operation)} | ${signed(extraHops)} | ${signed(extraFetches)} | ${signed(extraCost)} |`);
    lines.push('');
  }
  if (lint.length > 0) {
    lines.push('<details><summary>Worth a look</summary>', '');
    for (const { path, message } of lint) lines.push(`- ${code(path)}: ${code(message)}`);
    lines.push('', '</details>', '');
  }
  lines.push(`<sub>${lookedText(looked)}</sub>`);
  return `${lines.join('\n')}\n`;
}

const whoOf = ({ affected, approval }: WeighedChange) =>
  [...affected.map((use) => code(useText(use))), ...(approval ? [`approved by ${code(approval.by)}`] : [])].join('<br>') || 'nobody';

const code = (text: string) => `\`${text.replaceAll('`', 'ʼ').replaceAll('|', '∣').replaceAll('\n', ' ')}\``;
