import type { Sealer } from '@pulsegraph/kit/sealing';
import type { ChannelKind, OpenSettings, ChannelSettings } from './settings.rules.js';

const place = (channelId: string) => `notification-channel/${channelId}`;

export function sealSecrets(sealer: Sealer, channelId: string, secrets: Record<string, string>): string | null {
  return Object.keys(secrets).length === 0 ? null : sealer.seal(JSON.stringify(secrets), place(channelId));
}

export function openSecrets(sealer: Sealer, channelId: string, sealed: string | null): Record<string, string> {
  return sealed === null ? {} : (JSON.parse(sealer.open(sealed, place(channelId))) as Record<string, string>);
}

/** Settings as they were given; they were checked when they were stored. */
export function wholeSettings(
  sealer: Sealer,
  { id, kind, settings, sealed }: { id: string; kind: ChannelKind; settings: OpenSettings; sealed: string | null },
): ChannelSettings {
  return { ...settings, ...openSecrets(sealer, id, sealed), kind } as ChannelSettings;
}
