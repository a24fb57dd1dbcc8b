import { randomUUID } from 'node:crypto';
import { TOPIC_PREFIX } from '@pulsegraph/contracts';
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
  /** Correlation data of the answers that are still to come. */
  rest: Set<string>;
  answers: Map<string, unknown>;
}

/** Mosquitto's dynamic-security plugin: https://mosquitto.org/documentation/dynamic-security/ */
export class DynamicSecurity {
  private readonly waiting = new Map<string, Pending>();

  constructor(private readonly client: MqttClient) {
    client.on('message', (topic, payload) => {
      if (topic === `${CONTROL}/response`) this.answered(payload);
    });
  }

  /** Once per connection: hears answers, lets the bridge speak to devices, and closes what would make topics untrustworthy. */
  async prepare(bridgeUsername: string): Promise<void> {
    await this.client.subscribeAsync(`${CONTROL}/response`, { qos: 1 });
    await this.run(
      [
        {
          command: 'setDefaultACLAccess',
          acls: [
            { acltype: 'publishClientSend', allow: false },
            { acltype: 'publishClientReceive', allow: true },
            { acltype: 'subscribe', allow: false },
            { acltype: 'unsubscribe', allow: true },
          ],
        },
        {
          command: 'createRole',
          rolename: BRIDGE_ROLE,
          acls: [
            { acltype: 'publishClientSend', topic: `${TOPIC_PREFIX}/#`, allow: true, priority: 0 },
            { acltype: 'subscribePattern', topic: `${TOPIC_PREFIX}/#`, allow: true, priority: 0 },
          ],
        },
        { command: 'addClientRole', username: bridgeUsername, rolename: BRIDGE_ROLE },
      ],
      ['Role already exists', 'Client is already in this role'],
    );
  }

  /** Creates the device's client, or gives it a new token, which ends the old one's connection. */
  async put({ username, tokenHash }: ProvisionedDevice, token: string): Promise<void> {
    const prefix = `${TOPIC_PREFIX}/${username}/`;
    const rolename = roleOf(username);
    await this.run([{ command: 'createRole', rolename, acls: deviceAcls(prefix) }], ['Role already exists']);
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
    // Queued by the client, a command could take effect long after its caller was told that it failed.
    if (!this.client.connected) throw new Error('The MQTT broker is not connected.');
    const prefix = randomUUID();
    const numbered = commands.map((command, i) => ({ ...command, correlationData: `${prefix} ${i}` }));
    const done = new Promise<Map<string, unknown>>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(prefix);
        reject(new Error(`The broker's dynamic-security plugin did not answer within ${ANSWER_MS} ms.`));
      }, ANSWER_MS);
      this.waiting.set(prefix, {
        rest: new Set(numbered.map(({ correlationData }) => correlationData)),
        answers: new Map(),
        resolve: (answers) => {
          clearTimeout(timer);
          this.waiting.delete(prefix);
          resolve(answers);
        },
      });
    });
    await this.client.publishAsync(CONTROL, JSON.stringify({ commands: numbered }), { qos: 1 });
    const answers = await done;
    for (const [command, result] of answers) {
      if (result instanceof Error && !harmless.includes(result.message))
        throw new Error(`The broker refused ${command}: ${result.message}`);
    }
    return answers;
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

/** Its own prefix and nothing else; what the platform says there, the device may not say to itself. */
function deviceAcls(prefix: string) {
  const acl = (acltype: string, topic: string, allow = true) => ({ acltype, topic, allow, priority: allow ? 0 : 10 });
  return [
    acl('publishClientSend', `${prefix}#`),
    ...['twin/desired', 'firmware', 'commands/+'].map((topic) => acl('publishClientSend', prefix + topic, false)),
    acl('subscribePattern', `${prefix}#`),
  ];
}
