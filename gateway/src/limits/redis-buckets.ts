import type { SharedBuckets } from './rate-limiter.js';

/** Redis's own clock: processes need not agree on theirs. */
const SPEND = `
local perMinute = tonumber(ARGV[1])
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'units', 'at')
local units = tonumber(bucket[1]) or perMinute
units = math.min(perMinute, units + (nowMs - (tonumber(bucket[2]) or nowMs)) * perMinute / 60000) - tonumber(ARGV[2])
local waitMs = 0
if units < 0 then
  waitMs = math.ceil(-units * 60000 / perMinute)
end
redis.call('HSET', KEYS[1], 'units', math.max(units, -perMinute), 'at', nowMs)
redis.call('PEXPIRE', KEYS[1], 120000)
return waitMs
`;

interface Evaluating {
  eval(script: string, keys: number, ...values: (string | number)[]): Promise<unknown>;
}

/** One bucket per key for all processes that share the Redis. */
export function redisBuckets(redis: Evaluating, prefix = 'pulsegraph:rate:'): SharedBuckets {
  return async (key, units, perMinute) => Number(await redis.eval(SPEND, 1, prefix + key, perMinute, units));
}
