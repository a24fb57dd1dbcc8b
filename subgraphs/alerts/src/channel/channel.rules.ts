import { SEVERITIES } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { z } from 'zod';
import { addressFault, type AddressPolicy } from '../notification/address-guard.js';
import { CHANNEL_KINDS, MASK, settingsRules, type ChannelKind, type OpenSettings } from './settings.rules.js';

const channelRules = z.object({
  name: z.string().trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters'),
  kind: z.enum(CHANNEL_KINDS),
  minSeverity: z.enum(SEVERITIES).default('LOW'),
  enabled: z.boolean().default(true),
  settings: z.record(z.string(), z.unknown(), 'must be an object'),
});

export type ChannelDraft = z.infer<typeof channelRules>;

export const parseChannel = (input: unknown): ChannelDraft => parseInput(channelRules, input);

/** @throws BAD_USER_INPUT with the path, also for an address inside our own network. */
export function parseSettings(kind: ChannelKind, given: OpenSettings, policy: AddressPolicy): OpenSettings {
  for (const [name, value] of Object.entries(given)) {
    if (value === MASK)
      throw errors.badUserInput(`input.settings.${name}`, 'is masked and there is nothing stored to keep: send the secret');
  }
  const settings = parseInput(settingsRules(kind), given, 'input.settings') as OpenSettings;
  if (typeof settings.url === 'string') {
    const fault = addressFault(settings.url, policy);
    if (fault) throw errors.badUserInput('input.settings.url', fault);
  }
  return settings;
}
