import { parseCommand, UsageError, wholeNumber, type Command } from '../command.js';
import { EXIT } from '../exit-code.js';

const VIEWS = ['client', 'fields', 'unused', 'deprecated', 'gateways', 'releases'];

export const usageCommand: Command = {
  usage: 'usage client|fields|unused|deprecated|gateways|releases|Type.field [--window DAYS]',
  summary: 'who uses what, as the gateways have seen it',
  async run(args, { client, say }) {
    const { values, positionals } = parseCommand(args, { window: { type: 'string' } }, { min: 1, max: 1 });
    const [what = ''] = positionals;
    const isField = /^[A-Z]\w*(\.\w+){0,2}$/.test(what);
    if (!isField && !VIEWS.includes(what)) throw new UsageError(`Name a field, or one of ${VIEWS.join(', ')}.`);
    const windowDays = wholeNumber('--window', values.window) ?? 30;
    const answer = await client.usage<Record<string, unknown>>({
      windowDays: String(windowDays),
      ...(isField ? { view: 'field', coordinate: what } : { view: what }),
    });
    say(JSON.stringify(answer, null, 2));
    return EXIT.done;
  },
};
