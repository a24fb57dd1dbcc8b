import { parseCommand, wholeNumber, type Command, type CommandContext } from '../command.js';
import { EXIT } from '../exit-code.js';
import { committedFile, gitContext, readSource } from '../source.js';

export const publishCommand: Command = {
  usage: 'publish SUBGRAPH [--file FILE] [--url URL] [--base VERSION] [--message WORDS]  |  publish --all',
  summary: 'makes it the version that the gateway serves; --all: the committed files of this repository',
  async run(args, context) {
    const { values, positionals } = parseCommand(
      args,
      {
        all: { type: 'boolean', default: false },
        file: { type: 'string' },
        url: { type: 'string' },
        base: { type: 'string' },
        message: { type: 'string', default: '' },
        author: { type: 'string' },
        commit: { type: 'string' },
      },
      { min: 0, max: 1 },
    );
    const git = await gitContext();
    const author = values.author ?? (git.author || context.env.user);
    const about = { author, commit: values.commit ?? git.commit, message: values.message };
    if (values.all) return publishAll(about, context);
    const [subgraph = ''] = positionals;
    const sdl = await readSource(values.file ?? committedFile(subgraph));
    await publishOne(subgraph, { ...about, sdl, url: values.url ?? null }, wholeNumber('--base', values.base), context);
    return EXIT.done;
  },
};

interface Body {
  sdl: string;
  url: string | null;
  author: string;
  commit: string;
  message: string;
}

async function publishOne(subgraph: string, body: Body, base: number | undefined, { client, say }: CommandContext): Promise<void> {
  const { version, graphVersion, unchanged, changelog } = await client.publish(subgraph, {
    ...body,
    base: base ?? (await client.current(subgraph)).version,
  });
  if (unchanged) return say(`${subgraph} ${version} is published already.`);
  say([`Published ${subgraph} ${version} in version ${graphVersion} of the graph.`, ...changelog.map((line) => `  ${line}`)].join('\n'));
}

/** What a release brings with it. Imported late: printing needs the code of every subgraph. */
async function publishAll(about: Omit<Body, 'sdl' | 'url'>, context: CommandContext) {
  const { ADDRESSES } = await import('../../generate/addresses.js');
  for (const [subgraph, url] of Object.entries(ADDRESSES))
    await publishOne(subgraph, { ...about, sdl: await readSource(committedFile(subgraph)), url }, undefined, context);
  return EXIT.done;
}
