import { DeviceConnection, type Values } from './device/device-connection.js';
import { FACTORY } from './fleet/factory.js';
import type { FleetName, SimulatedDevice } from './fleet/fleet.js';
import { WARD } from './fleet/ward.js';
import { PlatformClient } from '@pulsegraph/platform-client';
import { Provisioner } from './platform/provision.js';
import { createSignal } from './signal/signal.js';

export interface SimulatorOptions {
  fleet: FleetName;
  /** Where the gateway answers. */
  url: string;
  /** An account that may register devices and create patients. */
  account: { email: string; password: string };
  /** Overrides the address that the platform gives its devices. */
  mqttUrl?: string;
  seed?: number;
  onProblem: (what: string, error: Error) => void;
}

export interface RunningSimulator {
  stop(): Promise<void>;
}

const FLEETS: Record<FleetName, readonly SimulatedDevice[]> = { factory: FACTORY, ward: WARD, all: [...FACTORY, ...WARD] };

/** Registers the fleet and lets every device publish at its own pace until stopped. */
export async function startSimulator(options: SimulatorOptions): Promise<RunningSimulator> {
  const { fleet, url, account, seed = 1, onProblem } = options;
  const provisioner = new Provisioner(new PlatformClient(url, account));
  const running: { timer: NodeJS.Timeout; connection: DeviceConnection }[] = [];
  for (const device of FLEETS[fleet]) {
    const access = await provisioner.provision(device);
    const connection = await DeviceConnection.open({ ...access, mqttUrl: options.mqttUrl ?? access.mqttUrl }, (error) =>
      onProblem(`${device.key} lost its connection`, error),
    );
    running.push({ connection, timer: publishRegularly(device, connection, seed, onProblem) });
  }
  return {
    async stop() {
      for (const { timer } of running) clearInterval(timer);
      await Promise.allSettled(running.map(({ connection }) => connection.close()));
    },
  };
}

function publishRegularly(device: SimulatedDevice, connection: DeviceConnection, seed: number, onProblem: SimulatorOptions['onProblem']) {
  const signals = Object.entries(device.signals).map(([metric, signal]) => ({
    metric,
    next: createSignal(seed, `${device.key}/${metric}`, signal),
    // A cuff inflates and a thermometer settles more slowly than a pulse oximeter beats.
    every: Math.max(1, Math.round(expectedIntervalMs(device, metric) / device.intervalMs)),
  }));
  let tick = 0;
  const publish = () => {
    const values: Values = {};
    for (const { metric, next, every } of signals) if (tick % every === 0) values[metric] = next();
    tick++;
    connection.send({ ts: Date.now(), values }).catch((error: Error) => onProblem(`${device.key} could not publish`, error));
  };
  publish();
  return setInterval(publish, device.intervalMs);
}

function expectedIntervalMs(device: SimulatedDevice, metric: string): number {
  const seconds = /^PT(\d+)S$/.exec(device.profile.metrics.find((each) => each.metric === metric)?.expectedInterval ?? '')?.[1];
  return seconds ? Number(seconds) * 1_000 : device.intervalMs;
}
