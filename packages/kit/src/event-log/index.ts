export * from './create-event-log.js';
export * from './event-log.js';
export * from './kafka/kafka-event-log.js';
export * from './memory-event-log.js';
export * from './position.js';
export * from './redis/redis-event-log.js';
