export * from './duration.js';
export * from './scalars.js';
