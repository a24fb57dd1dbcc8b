import { parseCommand, required, UsageError, type Command } from '../command.js';
import { EXIT } from '../exit-code.js';
import { readSource } from '../source.js';

export const keyCommand: Command = {
  usage: 'key --name NAME --team TEAM [--right publish|approve|documents|rollback|admin]… [--subgraph NAME]…',
  summary: 'makes a key; it is shown once',
  async run(args, { client, say }) {
    const { values } = parseCommand(args, {
      name: { type: 'string' },
      team: { type: 'string' },
      right: { type: 'string', multiple: true, default: [] },
      subgraph: { type: 'string', multiple: true, default: [] },
    });
    const { secret } = await client.addKey({
      name: required('--name', values.name),
      team: required('--team', values.team),
      rights: values.right,
      subgraphs: values.subgraph,
    });
    say(secret);
    return EXIT.done;
  },
};

export const ownersCommand: Command = {
  usage: 'owners --file FILE',
  summary: 'who answers for which type or field, from { "Type.field": "team" }',
  async run(args, { client, say }) {
    const { values } = parseCommand(args, { file: { type: 'string' } });
    const path = required('--file', values.file);
    let owners: unknown;
    try {
      owners = JSON.parse(await readSource(path));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`${path} is no JSON.`);
    }
    if (typeof owners !== 'object' || owners === null) throw new UsageError(`${path} is no object.`);
    say(`${Object.keys(await client.setOwners(owners)).length} owners.`);
    return EXIT.done;
  },
};

export const webhookCommand: Command = {
  usage: 'webhook --url URL [--event schema.published|schema.checked|schema.rolled_back]…',
  summary: 'calls this address, signed by the Standard Webhooks specification; the secret is shown once',
  async run(args, { client, say }) {
    const { values } = parseCommand(args, { url: { type: 'string' }, event: { type: 'string', multiple: true } });
    const { secret } = await client.addWebhook({ url: required('--url', values.url), events: values.event });
    say(secret);
    return EXIT.done;
  },
};
