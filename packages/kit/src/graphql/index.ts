export * from './coordinates.js';
export * from './without-literals.js';
