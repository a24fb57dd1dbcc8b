import type { MqttClient } from 'mqtt';
import { eventually } from '@pulsegraph/testkit';
import { aDevice, aProfile, connectDevice, readingsTopic, type RegisteredDevice } from './client/device.js';
import { connect, openStream, postGraphQL, type SignedInClient } from './client/graphql-client.js';
import type { Stack } from './stack/stack.js';

interface ReadingsEvent {
  readings: {
    cursor: string;
    readings: { value: number; metric: string; device: { name: string; asset: { name: string } | null } | null }[];
  };
}

const LIVE = `subscription ($ids: [ID!], $after: Cursor) {
  readings(filter: { deviceIds: $ids }, after: $after) { cursor readings { metric value recordedAt device { name asset { name } } } }
}`;

/** What must hold however the parts are put together: run over standalone and over the distributed stack. */
export function pipelineContract(name: string, startStack: () => Promise<Stack>): void {
  describe(`the pipeline, ${name}`, () => {
    let stack: Stack;
    let admin: SignedInClient;
    let device: RegisteredDevice;
    let mqtt: MqttClient;
    let profileId: string;

    const publish = (payload: unknown, of = device, client = mqtt) =>
      client.publishAsync(readingsTopic(of), typeof payload === 'string' ? payload : JSON.stringify(payload), { qos: 1 });

    beforeAll(async () => {
      stack = await startStack();
      admin = await stack.signIn('admin');
      profileId = await aProfile(admin, 'thermometer');
      const { createAsset } = await admin.request<{ createAsset: { id: string } }>(
        'mutation { createAsset(input: { name: "Furnace 7", kind: MACHINE }) { id } }',
      );
      device = await aDevice(admin, 'furnace-7', profileId, { assetId: createAsset.id });
      mqtt = await connectDevice(stack.mqttUrl, device);
    }, 240_000);

    /** Whatever became of the test that opened them: a client left behind would disturb the tests after it. */
    const ends: (() => Promise<unknown>)[] = [];
    afterAll(async () => {
      for (const end of ends) await end();
      await mqtt?.endAsync(true);
      await admin?.close();
      await stack?.stop();
    }, 60_000);

    it('carries a reading from MQTT to a federated subscription, with the device and its asset from another subgraph', async () => {
      const stream = admin.subscribe<ReadingsEvent>(LIVE, { ids: [device.id] });
      // A subscription has no "ready" message; what is published after its first event has a place to arrive at.
      await eventually(async () => {
        await publish({ values: { temperature: 40 } });
        expect(stream.received.length).toBeGreaterThan(0);
      });
      await publish({ values: { temperature: 41.5 } });
      const event = await stream.first((each) => each.readings.readings.some(({ value }) => value === 41.5));
      expect(event.readings.readings.find(({ value }) => value === 41.5)).toMatchObject({
        metric: 'temperature',
        device: { name: 'Device furnace-7', asset: { name: 'Furnace 7' } },
      });
      stream.close();
    });

    it('resumes a subscription from its cursor: nothing lost, nothing repeated', async () => {
      const before = admin.subscribe<ReadingsEvent>(LIVE, { ids: [device.id] });
      await eventually(async () => {
        await publish({ values: { temperature: 50 } });
        expect(before.received.length).toBeGreaterThan(0);
      });
      await publish({ values: { temperature: 50.5 } });
      const { cursor } = (await before.first((each) => each.readings.readings.some(({ value }) => value === 50.5))).readings;
      before.close();
      const missed = [51, 52, 53, 54];
      for (const temperature of missed) await publish({ values: { temperature } });
      const resumed = admin.subscribe<ReadingsEvent>(LIVE, { ids: [device.id], after: cursor });
      await resumed.first((each) => each.readings.readings.some(({ value }) => value === 54));
      await publish({ values: { temperature: 55 } });
      await resumed.first((each) => each.readings.readings.some(({ value }) => value === 55));
      expect(resumed.received.flatMap((each) => each.readings.readings.map(({ value }) => value))).toEqual([...missed, 55]);
      resumed.close();
    });

    it('shows history, latest value and statistics of what was published, in order', async () => {
      const own = await aDevice(admin, 'history-1', profileId);
      const client = await connectDevice(stack.mqttUrl, own);
      const start = Date.now() - 60_000;
      const values = Array.from({ length: 30 }, (_, index) => 30 + Math.round(Math.sin(index) * 100) / 10);
      await publish({ metric: 'temperature', t0: start, dt: values.map((_, index) => index * 1_000), v: values }, own, client);
      const query = `query ($id: ID!, $from: DateTime!, $to: DateTime!) { device(id: $id) {
        latest { metric value unit }
        series(metric: "temperature", from: $from, to: $to, maxPoints: 1000) { unit resolution columns { at last } }
        statistics(metric: "temperature") { count min max }
      } }`;
      await eventually(async () => {
        const { device: found } = await admin.request<{
          device: { latest: object[]; series: { columns: { last: number[]; at: number[] } }; statistics: object };
        }>(query, { id: own.id, from: new Date(start - 1_000), to: new Date(start + 40_000) });
        expect(found.series.columns.last).toEqual(values);
        expect(found.series.columns.at).toEqual(values.map((_, index) => start + index * 1_000));
        expect(found.latest).toEqual([{ metric: 'temperature', value: values.at(-1), unit: 'Cel' }]);
        expect(found.statistics).toEqual({ count: 30, min: Math.min(...values), max: Math.max(...values) });
      });
      await client.endAsync(true);
    });

    it('exports what was published as a file, to who is signed in', async () => {
      await publish({ ts: Date.now(), values: { temperature: 33.25 } });
      const query = new URLSearchParams({
        deviceId: device.id,
        metric: 'temperature',
        from: new Date(Date.now() - 3_600_000).toISOString(),
        to: new Date(Date.now() + 3_600_000).toISOString(),
      });
      const get = (token?: string) =>
        fetch(`${stack.url}/export/series?${query}`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
      await eventually(async () => expect(await (await get(admin.token)).text()).toMatch(/^recordedAt,value,unit\n(.*\n)*.*,33\.25,Cel\n/));
      expect((await get()).status).toBe(401);
      expect((await get('forged')).status).toBe(401);
    });

    it('raises an alert from the limits of the profile, lets an operator acknowledge it, and resolves it by itself', async () => {
      const own = await aDevice(admin, 'alerting-1', profileId);
      const client = await connectDevice(stack.mqttUrl, own);
      const operator = await stack.signIn('operator');
      ends.push(
        () => client.endAsync(true),
        () => operator.close(),
      );
      const live = operator.subscribe<{ alertChanged: { transition: string; alert: { id: string; status: string; deviceKey: string } } }>(
        'subscription ($ids: [ID!]) { alertChanged(filter: { deviceIds: $ids }) { cursor transition alert { id status deviceKey value threshold message device { name } } } }',
        { ids: [own.id] },
      );
      // A subscription has no "ready" message: the limit is crossed back and forth until one has come.
      await eventually(
        async () => {
          await publish({ values: { temperature: 91 } }, own, client);
          await publish({ values: { temperature: 45 } }, own, client);
          expect(live.received.length).toBeGreaterThan(0);
        },
        { timeoutMs: 30_000 },
      );
      await eventually(async () => {
        await publish({ values: { temperature: 91 } }, own, client);
        expect(await openAlerts(own.id)).toHaveLength(1);
      });
      const [alert] = await openAlerts(own.id);
      await operator.request('mutation ($id: ID!) { acknowledgeAlert(id: $id, note: "On my way") { status } }', { id: alert!.id });
      expect(await operator.code('mutation ($id: ID!) { acknowledgeAlert(id: $id) { status } }', { id: alert!.id })).toBe(
        'ALERT_ALREADY_ACKNOWLEDGED',
      );
      await eventually(async () => {
        await publish({ values: { temperature: 45 } }, own, client);
        expect(await openAlerts(own.id)).toHaveLength(0);
      });
      const { alert: final } = await admin.request<{ alert: { status: string; history: { transition: string; byName: string | null }[] } }>(
        'query ($id: ID!) { alert(id: $id) { status history { transition byName } } }',
        { id: alert!.id },
      );
      expect(final.status).toBe('RESOLVED');
      expect(final.history.map(({ transition }) => transition)).toEqual(expect.arrayContaining(['RAISED', 'ACKNOWLEDGED', 'RESOLVED']));
      await eventually(() => {
        const told = live.received.map((each) => each.alertChanged.transition);
        expect(told).toContain('ACKNOWLEDGED');
        expect(told.slice(told.indexOf('ACKNOWLEDGED'))).toContain('RESOLVED');
      });
    });

    async function openAlerts(deviceId: string) {
      const { alerts } = await admin.request<{ alerts: { nodes: { id: string; status: string; kind: string }[] } }>(
        'query ($id: ID!) { alerts(filter: { deviceIds: [$id], statuses: [TRIGGERED, ACKNOWLEDGED, ESCALATED] }) { nodes { id status kind } } }',
        { id: deviceId },
      );
      return alerts.nodes.filter(({ kind }) => kind === 'THRESHOLD_EXCEEDED');
    }

    it.each([
      ['no JSON at all', 'this is no JSON', 'MALFORMED'],
      ['an unknown metric', { values: { altitude: 3 } }, 'UNKNOWN_METRIC'],
      ['an implausible value', { values: { temperature: 5_000 } }, 'IMPLAUSIBLE'],
      ['a word where a number belongs', { values: { temperature: 'warm' } }, 'WRONG_TYPE'],
      ['a time far ahead', { ts: Date.now() + 3_600_000, values: { temperature: 30 } }, 'IN_THE_FUTURE'],
      ['a time before retention', { ts: Date.now() - 200 * 86_400_000, values: { temperature: 30 } }, 'TOO_OLD'],
    ])('turns %s into a dead letter with its reason, and the stream goes on', async (_what, payload, reason) => {
      await publish(payload);
      await publish({ values: { temperature: 42 } });
      await eventually(async () => {
        const { deadLetters } = await admin.request<{ deadLetters: { nodes: { reason: string; detail: string }[] } }>(
          'query ($key: String, $reason: String) { deadLetters(deviceKey: $key, reason: $reason) { nodes { reason detail } } }',
          { key: device.key, reason },
        );
        expect(deadLetters.nodes[0]?.reason).toBe(reason);
        expect(deadLetters.nodes[0]?.detail).not.toBe('');
      });
      expect(mqtt.connected).toBe(true);
    });

    it('refuses a connection with a wrong token', async () => {
      await expect(
        connectDevice(stack.mqttUrl, { ...device, token: 'not-the-token' }, { reconnectPeriod: 0, clientId: 'intruder' }),
      ).rejects.toThrow(/not authori[sz]ed|bad user/i);
    });

    it('keeps strangers, wrong roles and other ids apart: UNAUTHENTICATED, FORBIDDEN, NOT_FOUND', async () => {
      const viewer = await stack.signIn('viewer');
      const nobody = '00000000-0000-4000-8000-000000000000';
      const stranger = (query: string, variables = {}) =>
        postGraphQL(stack.url, query, variables).then(({ errors }) => errors?.[0]?.extensions?.code);
      const register = 'mutation { createAsset(input: { name: "x", kind: SITE }) { id } }';

      expect(await stranger('{ devices { totalCount } }')).toBe('UNAUTHENTICATED');
      expect(await stranger(register)).toBe('UNAUTHENTICATED');
      expect(await viewer.code(register)).toBe('FORBIDDEN');
      expect(await viewer.code('{ patients { totalCount } }')).toBe('FORBIDDEN');
      expect(await viewer.code('{ deadLetters { totalCount } }')).toBe('FORBIDDEN');
      expect(await admin.code('mutation ($id: ID!) { retireDevice(id: $id) { id } }', { id: nobody })).toBe('NOT_FOUND');
      expect(await viewer.code('mutation ($id: ID!) { acknowledgeAlert(id: $id) { id } }', { id: nobody })).toBe('FORBIDDEN');
      expect(await admin.code('mutation ($id: ID!) { acknowledgeAlert(id: $id) { id } }', { id: nobody })).toBe('NOT_FOUND');

      const anonymous = connect(stack.url);
      for (const field of ['readings(filter: {}) { cursor }', 'alertChanged { cursor }', 'deviceChanged { cursor }']) {
        const stream = openStream(anonymous, `subscription { ${field} }`);
        await eventually(() => expect(stream.faults[0]?.extensions?.code).toBe('UNAUTHENTICATED'));
      }
      await anonymous.dispose();
      const foreign = viewer.subscribe(LIVE, { ids: [nobody] });
      await eventually(() => expect(foreign.faults[0]?.extensions?.code).toBe('NOT_FOUND'));
      const patients = viewer.subscribe(`subscription { readings(filter: { patientId: "${nobody}" }) { cursor } }`);
      await eventually(() => expect(patients.faults[0]?.extensions?.code).toBe('FORBIDDEN'));
      await viewer.close();
    });

    it('answers an API key as its role, and no more once it is revoked', async () => {
      const { createApiKey } = await admin.request<{ createApiKey: { apiKey: { id: string }; secret: string } }>(
        'mutation { createApiKey(input: { name: "line display", role: VIEWER }) { apiKey { id } secret } }',
      );
      const ask = (query: string) => postGraphQL<{ viewer: { role: string } }>(stack.url, query, {}, createApiKey.secret);
      expect((await ask('{ viewer { role } devices { totalCount } }')).data?.viewer.role).toBe('VIEWER');
      expect((await ask('{ patients { totalCount } }')).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
      await admin.request('mutation ($id: ID!) { revokeApiKey(id: $id) { revokedAt } }', { id: createApiKey.apiKey.id });
      await eventually(async () => expect((await ask('{ viewer { role } }')).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED'));
    });

    it('names the path of wrong input: BAD_USER_INPUT', async () => {
      const { errors } = await admin.answer('mutation ($input: RegisterDeviceInput!) { registerDevice(input: $input) { device { id } } }', {
        input: { key: 'no spaces allowed', name: 'x', profileId },
      });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', path: 'input.key' });
      expect(await admin.code('{ devices(first: 5000) { totalCount } }')).toBe('BAD_USER_INPUT');
      const variable = await admin.answer('query ($first: Int) { devices(first: $first) { totalCount } }', { first: 'many' });
      expect(variable.errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
    });
  });
}
