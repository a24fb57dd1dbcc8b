import { describeWith, eventually, findProgram, mqttClient, testDatabase, testMosquitto, testRedis } from './index.js';

describe('testDatabase', () => {
  const users = testDatabase('users');
  const others = testDatabase('users');

  it('gives a fresh database per call, whose url is the migrator', async () => {
    expect(users.url).toMatch(/^postgresql:\/\/users_migrator:/);
    await users.rows('create table only_here (id int)');
    const tables = await others.rows(`select from information_schema.tables where table_name = 'only_here'`);
    expect(tables).toEqual([]);
  });
});

describeWith(['redis-server'], 'testRedis', () => {
  const redis = testRedis();

  it('keeps what was written over a kill -9', async () => {
    await redis.connect().set(`${redis.prefix}key`, 'kept');
    await redis.stop('SIGKILL');
    await redis.start();
    expect(await redis.connect().get(`${redis.prefix}key`)).toBe('kept');
  });
});

describeWith(['mosquitto', 'mosquitto_ctrl'], 'testMosquitto', () => {
  const mosquitto = testMosquitto();

  it('lets the admin in, and nobody without a password', async () => {
    const client = await mosquitto.connect();
    const heard: string[] = [];
    client.on('message', (_topic, payload) => heard.push(payload.toString()));
    await client.subscribeAsync('$CONTROL/dynamic-security/v1/#');
    await client.publishAsync('$CONTROL/dynamic-security/v1', JSON.stringify({ commands: [{ command: 'listClients' }] }), { qos: 1 });
    await eventually(() => expect(heard.join()).toContain('"clients":["admin"]'));
    await expect(mqttClient(mosquitto.url)).rejects.toThrow(/not authorized/i);
  });
});

describe('findProgram', () => {
  it('says how to install what is missing', () => {
    const path = process.env.PATH;
    expect(() => findProgram('no-such-program' as 'mosquitto')).toThrow(/is not installed/);
    expect(process.env.PATH).toBe(path);
  });
});
