export * from './decode-message.js';
export * from './dialect.js';
export { instantUs } from './instant.js';
export * from './limits.js';
export { tooLarge } from './payload.js';
export { decodePulse, decodePulseDocument, type PulseOptions } from './pulse/readings.js';
export * from './raw-reading.js';
export * from './unit/index.js';
export { validateReadings, type ValidatedReadings, type ValidationContext } from './validate/validate-readings.js';
