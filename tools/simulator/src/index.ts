export { startSimulator, type SimulatorOptions, type RunningSimulator } from './simulator.js';
export type { FleetName } from './fleet/fleet.js';
