import { randomUUID } from 'node:crypto';
import { TOPIC_PREFIX } from '@pulsegraph/contracts';
import { SPARKPLUG_NAMESPACE } from '@pulsegraph/decode';
import type { MqttClient } from 'mqtt';
import { z } from 'zod';

const CONTROL = '$CONTROL/dynamic-security/v1';
const ANSWER_MS = 5_000;
/** Marks the clients in the broker that are ours to change. */
const TEXT_NAME = 'pulsegraph device';
const BRIDGE_ROLE = 'pulsegraph-bridge';

const answer = z.object({
  responses: z.array(
    z.object({
      command: z.string(),
      correlationData: z.string().optional(),
      error: z.string().optional(),
      data: z.unknown().optional(),
    }),
  ),
});
const clientList = z.object({
  totalCount: z.number(),
  clients: z.array(
    z.object({
      username: z.string(),
      textname: z.string().optional(),
      textdescription: z.string().optional(),
      disabled: z.boolean().optional(),
    }),
  ),
});

const ownClient = z.object({ client: z.object({ roles: z.array(z.object({ rolename: z.string() })).default([]) }) });
const DEFAULT_ACCESS = [
  { acltype: 'publishClientSend', allow: false },
  { acltype: 'publishClientReceive', allow: true },
  { acltype: 'subscribe', allow: false },
  { acltype: 'unsubscribe', allow: true },
];

interface Command {
  command: string;
  [field: string]: unknown;
}

/** A device's client in the broker. The broker keeps the password; `tokenHash` is our note of which token that is. */
export interface ProvisionedDevice {
  username: string;
  tokenHash: string;
}

interface Pending {
  resolve: (answers: Map<string, unknown>) => void;
  reject: (error: Error) => void;
  /** Correlation data of the answers that are still to come. */
  rest: Set<string>;
  answers: Map<string, unknown>;
}

/** Mosquitto's dynamic-security plugin: https://mosquitto.org/documentation/dynamic-security/ */
export class DynamicSecurity {
  private readonly waiting = new Map<string, Pending>();

  constructor(private readonly client: MqttClient) {
    client.on('close', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('The connection to the MQTT broker was lost.'));
    });
    client.on('message', (topic, payload) => {
      if (topic === `${CONTROL}/response`) this.answered(payload);
    });
  }

  /**
   * Once per connection: hears answers, closes what would make topics untrustworthy, and lets the bridge speak to devices.
   * @returns False when the broker will end our connection for the change to take effect: prepare again on the next.
   */
  async prepare(bridgeUsername: string): Promise<boolean> {
    await this.client.subscribeAsync(`${CONTROL}/response`, { qos: 1 });
    const open = (acltype: string, topic = `${TOPIC_PREFIX}/#`) => ({ acltype, topic, allow: true, priority: 0 });
    const acls = [
      open('publishClientSend'),
      open('publishClientSend', `${SPARKPLUG_NAMESPACE}/+/NCMD/+`),
      open('subscribePattern'),
      open('subscribePattern', `${SPARKPLUG_NAMESPACE}/#`),
      open('subscribePattern', '+/5/+/#'),
    ];
    const answers = await this.run(
      [
        { command: 'setDefaultACLAccess', acls: DEFAULT_ACCESS },
        { command: 'createRole', rolename: BRIDGE_ROLE, acls },
        { command: 'getClient', username: bridgeUsername },
      ],
      ['Role already exists'],
    );
    const { client } = ownClient.parse(answers.get('getClient'));
    if (client.roles.some(({ rolename }) => rolename === BRIDGE_ROLE)) return true;
    // Mosquitto disconnects whoever's roles change, so there will be no answer.
    await this.send([{ command: 'addClientRole', username: bridgeUsername, rolename: BRIDGE_ROLE, priority: 0 }]);
    return false;
  }

  /** Creates the device's client, or gives it a new token, which ends the old one's connection. */
  async put({ username, tokenHash }: ProvisionedDevice, token: string): Promise<void> {
    const rolename = roleOf(username);
    const role = { rolename, acls: deviceAcls(username) };
    const made = await this.run([{ command: 'createRole', ...role }], ['Role already exists']);
    // An earlier release may have made it, with fewer topics.
    if (made.get('createRole') instanceof Error) await this.run([{ command: 'modifyRole', ...role }]);
    const described = { username, textname: TEXT_NAME, textdescription: tokenHash };
    const created = await this.run(
      [{ command: 'createClient', ...described, password: token, roles: [{ rolename, priority: 0 }] }],
      ['Client already exists'],
    );
    if (!(created.get('createClient') instanceof Error)) return;
    await this.run([
      { command: 'setClientPassword', username, password: token },
      { command: 'modifyClient', ...described, roles: [{ rolename, priority: 0 }] },
      { command: 'enableClient', username },
    ]);
  }

  /** Removes the device's client and ends its connection. No fault when there is none. */
  async remove(username: string): Promise<void> {
    await this.run(
      [
        { command: 'disableClient', username },
        { command: 'deleteClient', username },
        { command: 'deleteRole', rolename: roleOf(username) },
      ],
      ['Client not found', 'Role not found'],
    );
  }

  /** The devices the broker knows, by user name; value: the hash of their token. */
  async list(): Promise<Map<string, string>> {
    const data = clientList.parse((await this.run([{ command: 'listClients', verbose: true, count: -1, offset: 0 }])).get('listClients'));
    const ours = data.clients.filter(({ textname, disabled }) => textname === TEXT_NAME && !disabled);
    return new Map(ours.map(({ username, textdescription }) => [username, textdescription ?? '']));
  }

  /** @param harmless Errors that mean the wanted state is there already. */
  private async run(commands: Command[], harmless: readonly string[] = []): Promise<Map<string, unknown>> {
    const prefix = randomUUID();
    const numbered = commands.map((command, i) => ({ ...command, correlationData: `${prefix} ${i}` }));
    let timer: NodeJS.Timeout | undefined;
    const answered = new Promise<Map<string, unknown>>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`The broker's dynamic-security plugin did not answer within ${ANSWER_MS} ms.`)), ANSWER_MS);
      const rest = new Set(numbered.map(({ correlationData }) => correlationData));
      this.waiting.set(prefix, { rest, answers: new Map(), resolve, reject });
    });
    let answers: Map<string, unknown>;
    try {
      [, answers] = await Promise.all([this.send(numbered), answered]);
    } finally {
      clearTimeout(timer);
      this.waiting.delete(prefix);
    }
    for (const [command, result] of answers) {
      if (result instanceof Error && !harmless.includes(result.message))
        throw new Error(`The broker refused ${command}: ${result.message}`);
    }
    return answers;
  }

  private async send(commands: Command[]): Promise<void> {
    // QoS 0: repeated after a reconnect, a command could take effect long after its caller was told that it failed.
    if (!this.client.connected) throw new Error('The MQTT broker is not connected.');
    await this.client.publishAsync(CONTROL, JSON.stringify({ commands }), { qos: 0 });
  }

  private answered(payload: Buffer): void {
    const parsed = answer.safeParse(JSON.parse(payload.toString()));
    if (!parsed.success) return;
    for (const { command, correlationData = '', error, data } of parsed.data.responses) {
      const waiting = this.waiting.get(correlationData.split(' ')[0]!);
      if (!waiting) continue;
      waiting.rest.delete(correlationData);
      waiting.answers.set(command, error === undefined ? data : new Error(error));
      if (waiting.rest.size === 0) waiting.resolve(waiting.answers);
    }
  }
}

function roleOf(username: string): string {
  return `device ${username}`;
}

/** What maps to itself and nothing else; what the platform says there, the device may not say to itself. */
function deviceAcls(username: string) {
  const [organizationKey, deviceKey] = username.split('/');
  const prefix = `${TOPIC_PREFIX}/${username}/`;
  const sparkplug = (type: string) => `${SPARKPLUG_NAMESPACE}/${organizationKey}/${type}/${deviceKey}`;
  const acl = (acltype: string, topic: string, allow = true) => ({ acltype, topic, allow, priority: allow ? 0 : 10 });
  return [
    acl('publishClientSend', `${prefix}#`),
    ...['twin/desired', 'firmware', 'commands/+'].map((topic) => acl('publishClientSend', prefix + topic, false)),
    acl('subscribePattern', `${prefix}#`),
    ...['NBIRTH', 'NDEATH', 'NDATA'].map((type) => acl('publishClientSend', sparkplug(type))),
    ...['DBIRTH', 'DDEATH', 'DDATA'].map((type) => acl('publishClientSend', `${sparkplug(type)}/+`)),
    acl('subscribePattern', sparkplug('NCMD')),
    acl('subscribePattern', `${sparkplug('DCMD')}/+`),
    acl('publishClientSend', `${organizationKey}/5/${deviceKey}/#`),
    acl('subscribePattern', `${organizationKey}/5/${deviceKey}/#`),
  ];
}
