import { z } from 'zod';
import { parseCommand, required, UsageError, type Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import { readSource } from '../source.js';

const fileShape = z.record(z.string(), z.string());

export const documentsCommand: Command = {
  usage:
    'documents publish --client NAME --version VERSION [--file schema/operations.json]  |  documents retire --client NAME --version VERSION',
  summary: 'tells what a release of a client will ask; a gateway may be set to answer nothing else',
  async run(args, { client, say }) {
    const { values, positionals } = parseCommand(
      args,
      { client: { type: 'string' }, version: { type: 'string' }, file: { type: 'string', default: 'schema/operations.json' } },
      { min: 1, max: 1 },
    );
    const release = { client: required('--client', values.client), clientVersion: required('--version', values.version) };
    if (positionals[0] === 'retire') {
      await client.retireDocuments(release);
      say(`${release.client} ${release.clientVersion} is retired.`);
      return EXIT.done;
    }
    if (positionals[0] !== 'publish') throw new UsageError(`"${positionals[0]}" is not publish or retire.`);
    const parsed = fileShape.safeParse(jsonOf(await readSource(values.file), values.file));
    if (!parsed.success) throw new UsageError(`${values.file} is not { "sha256": "document", … }.`);
    const { documents, graphVersion } = await client.publishDocuments({ ...release, documents: Object.values(parsed.data) });
    say(
      `${documents.length} documents of ${release.client} ${release.clientVersion} are known from version ${graphVersion} of the graph on.`,
    );
    return EXIT.done;
  },
};

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${path} is no JSON.`);
  }
}
