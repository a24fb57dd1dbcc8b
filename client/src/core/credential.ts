import { TOPIC_PREFIX } from '@pulsegraph/contracts';

export interface IssuedCredential {
  username: string;
  token: string;
  mqttUrl: string;
}

/** A line for a terminal that publishes one reading with this credential, as the first thing to try. */
export function mosquittoLine({ username, token, mqttUrl }: IssuedCredential, metric: string, value: number): string {
  // URL knows the port of http alone, so mqtt borrows its scheme.
  const { hostname, port, protocol } = new URL(mqttUrl.replace(/^mqtts:/, 'https:').replace(/^mqtt:/, 'http:'));
  const secure = protocol === 'https:';
  return [
    `mosquitto_pub -h ${hostname} -p ${port || (secure ? 8883 : 1883)}${secure ? ' --tls-use-os-certs' : ''}`,
    `-u '${username}' -P '${token}' -q 1 -t '${TOPIC_PREFIX}/${username}/readings'`,
    `-m '${JSON.stringify({ values: { [metric]: value } })}'`,
  ].join(' ');
}
