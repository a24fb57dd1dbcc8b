export * from './constraint.js';
export * from './connect.js';
export * from './migrate.js';
export * from './organization-scope.js';
export * from './provision.js';
export * from './role.js';
export * from './sql.js';
