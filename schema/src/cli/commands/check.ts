import { parseCommand, wholeNumber, type Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import { committedFile, gitContext, readSource } from '../source.js';

export const checkCommand: Command = {
  usage: 'check SUBGRAPH [--file FILE] [--url URL] [--window DAYS] [--busiest N] [--max-extra-hops N] [--format text|json|markdown]',
  summary: 'what publishing this would do, and to whom',
  async run(args, { client, env, say }) {
    const { values, positionals } = parseCommand(
      args,
      {
        file: { type: 'string' },
        url: { type: 'string' },
        window: { type: 'string' },
        busiest: { type: 'string' },
        'max-extra-hops': { type: 'string' },
        format: { type: 'string', default: 'text' },
        author: { type: 'string' },
        commit: { type: 'string' },
      },
      { min: 1, max: 1 },
    );
    const [subgraph = ''] = positionals;
    const git = await gitContext();
    const report = await client.check(subgraph, {
      sdl: await readSource(values.file ?? committedFile(subgraph)),
      url: values.url ?? null,
      author: values.author ?? (git.author || env.user),
      commit: values.commit ?? git.commit,
      windowDays: wholeNumber('--window', values.window),
      busiest: wholeNumber('--busiest', values.busiest),
      maxExtraHops: wholeNumber('--max-extra-hops', values['max-extra-hops']),
    });
    const { text, markdown, ...rest } = report;
    say(values.format === 'json' ? JSON.stringify(rest, null, 2) : values.format === 'markdown' ? markdown : text);
    if (report.faults.length > 0) return EXIT.composition;
    return report.verdict === 'passed' ? EXIT.done : EXIT.breaks;
  },
};
