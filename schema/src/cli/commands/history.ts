import { parseCommand, required, wholeNumber, type Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import { gitContext } from '../source.js';

export const historyCommand: Command = {
  usage: 'history [--limit N] [--json]',
  summary: 'versions of the graph, newest first, each in words',
  async run(args, { client, say }) {
    const { values } = parseCommand(args, { limit: { type: 'string' }, json: { type: 'boolean', default: false } });
    const { versions } = await client.history(wholeNumber('--limit', values.limit) ?? 20);
    if (values.json) say(JSON.stringify(versions, null, 2));
    else
      for (const each of versions)
        say(
          [
            `${each.version}  ${String(each.createdAt)}  ${each.kind}  ${each.author}  ${each.commit.slice(0, 12)}  ${each.reason}`,
            ...each.changelog.map((line) => `     ${line}`),
          ].join('\n'),
        );
    return EXIT.done;
  },
};

export const diffCommand: Command = {
  usage: 'diff FROM TO [--json]',
  summary: 'what clients see of the change between two versions of the graph',
  async run(args, { client, say }) {
    const { values, positionals } = parseCommand(args, { json: { type: 'boolean', default: false } }, { min: 2, max: 2 });
    const { changes } = await client.diff(wholeNumber('FROM', positionals[0])!, wholeNumber('TO', positionals[1])!);
    if (values.json) say(JSON.stringify(changes, null, 2));
    else if (changes.length === 0) say('Clients see no difference.');
    else for (const { level, message } of changes) say(`${level.padEnd(12)} ${message}`);
    return EXIT.done;
  },
};

export const rollbackCommand: Command = {
  usage: 'rollback --reason WORDS [--to VERSION]',
  summary: 'serves the graph of an earlier version, the one before when none is named',
  async run(args, { client, env, say }) {
    const { values } = parseCommand(args, { to: { type: 'string' }, reason: { type: 'string' }, author: { type: 'string' } });
    const author = values.author ?? ((await gitContext()).author || env.user);
    const { graphVersion, to } = await client.rollback({
      to: wholeNumber('--to', values.to) ?? null,
      reason: required('--reason', values.reason),
      author,
    });
    say(`Version ${graphVersion} of the graph is version ${to} again.`);
    return EXIT.done;
  },
};

export const approveCommand: Command = {
  usage: 'approve CHANGE --reason WORDS [--days N]',
  summary: 'lets the change with this id through, until it expires (14 days) or is published',
  async run(args, { client, env, say }) {
    const { values, positionals } = parseCommand(
      args,
      { reason: { type: 'string' }, days: { type: 'string' }, author: { type: 'string' } },
      { min: 1, max: 1 },
    );
    const author = values.author ?? ((await gitContext()).author || env.user);
    const { by, expiresAt } = await client.approve({
      changeId: positionals[0],
      reason: required('--reason', values.reason),
      days: wholeNumber('--days', values.days),
      author,
    });
    say(`Approved by ${by} until ${expiresAt}.`);
    return EXIT.done;
  },
};
