import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecordings } from './recording.js';

describe('a recording', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'recording-'))));
  afterAll(() => rm(folder, { recursive: true }));

  const file = async (path: string, text: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
    return join(folder, path);
  };

  it('of a water rig becomes one device with its values in order and without the labels', async () => {
    const path = await file(
      'rig/7.csv',
      'datetime;Accelerometer1RMS;Accelerometer2RMS;Current;Pressure;Temperature;Thermocouple;Voltage;Volume Flow RateRMS;anomaly;changepoint\n' +
        '2020-03-09 10:14:33;0.026;0.04;1.33;0.05;79.3;26.0;233.0;32.0;0.0;0.0\n2020-03-09 10:14:34;0.027;0.05;1.34;0.06;79.4;26.1;234.0;31.0;1.0;1.0\n',
    );
    const { recordings } = await readRecordings(path);
    expect(recordings).toHaveLength(1);
    expect(recordings[0]!.device.key).toBe('skab-rig-7');
    expect(recordings[0]!.rows.map(({ values }) => values.temperature)).toEqual([79.3, 79.4]);
    expect(recordings[0]!.rows[1]!.atMs - recordings[0]!.rows[0]!.atMs).toBe(1_000);
    expect(Object.keys(recordings[0]!.rows[0]!.values)).not.toContain('anomaly');
  });

  it('of a bedside monitor leaves out what was not measured: zeros, blanks and rows of nothing else', async () => {
    const path = await file('s1-x.csv', 'seconds,HR_bpm,ABPSys_mmHg,RESP_pm,SpO2_%\n0,0,0,23,0\n60,62.8,0,,97\n120,0,0,,\n');
    const { recordings } = await readRecordings(path);
    expect(recordings[0]!.rows).toEqual([
      { atMs: 0, values: { respiration: 23 } },
      { atMs: 60_000, values: { heartRate: 62.8, spo2: 97 } },
    ]);
    expect(recordings[0]!.device.patient).toBeDefined();
  });

  it('of a room is read in spite of the row number its header does not name', async () => {
    const path = await file(
      'room.txt',
      '"date","Temperature","Humidity","Light","CO2","HumidityRatio","Occupancy"\n"1","2015-02-04 17:51:00",23.18,27.272,426,721.25,0.0047,1\n',
    );
    const { recordings } = await readRecordings(path);
    expect(recordings[0]!.rows[0]!.values).toEqual({ temperature: 23.18, humidity: 27.272, light: 426, co2: 721.25 });
  });

  it('of no known set is named, not guessed at', async () => {
    const path = await file('other.csv', 'a,b\n1,2\n');
    expect(await readRecordings(path)).toEqual({ recordings: [], unknown: [path] });
  });
});
