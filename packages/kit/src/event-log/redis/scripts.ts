import type { Redis } from 'ioredis';

/** Entry `{ r: records as JSON, n: how many, t: total of the partition with these }`. */
const APPEND = `
local total = redis.call('INCRBY', KEYS[2], ARGV[2])
return redis.call('XADD', KEYS[1], '*', 'r', ARGV[1], 'n', ARGV[2], 't', total)`;

/** A new group starts at the oldest entry; its count of handled records starts with what is gone already. */
const ENSURE_GROUP = `
local made = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM')
if made.err then
  if string.find(made.err, 'BUSYGROUP') then return 0 end
  return redis.error_reply(made.err)
end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
if first then redis.call('SET', KEYS[3], first[2][6] - first[2][4])
else redis.call('SET', KEYS[3], redis.call('GET', KEYS[2]) or 0) end
return 1`;

/**
 * Acknowledges the last batch and reads the next in one round trip. Reading is for the owner of the lease alone, and that
 * is checked here, where nothing can happen in between: an owner that slept through the end of its lease must not
 * take entries which its successor then never sees.
 */
const ACK_AND_READ = `
if #ARGV > 5 then
  redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 6))
  if ARGV[5] ~= '' then redis.call('SET', KEYS[3], ARGV[5]) end
end
if redis.call('GET', KEYS[2]) ~= ARGV[2] then return 'LOST' end
local read = redis.call('XREADGROUP', 'GROUP', ARGV[1], 'owner', 'COUNT', ARGV[3], 'STREAMS', KEYS[1], ARGV[4])
if read and #read[1][2] > 0 then return read[1][2] end
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then return info[i + 1] end
end`;

const ACK = `
redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 3))
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2]) end
return 1`;

const RENEW_LEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

const RELEASE_LEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** Says "I am here" and counts who else is, by the clock of Redis. */
const JOIN_MEMBERS = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZCARD', KEYS[1])`;

/** Drops what every group has acknowledged: never by length, which would drop what a slow group still needs. */
const TRIM = `
local function parse(id)
  local ms, seq = string.match(id, '(%d+)-(%d+)')
  return tonumber(ms), tonumber(seq)
end
local low_ms, low_seq
for _, fields in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local info = {}
  for i = 1, #fields, 2 do info[fields[i]] = fields[i + 1] end
  for i = 1, #ARGV do
    if ARGV[i] == info['name'] then
      local ms, seq = parse(info['last-delivered-id'])
      if info['pending'] > 0 then ms, seq = parse(redis.call('XPENDING', KEYS[1], info['name'])[2])
      else seq = seq + 1 end
      if not low_ms or ms < low_ms or (ms == low_ms and seq < low_seq) then low_ms, low_seq = ms, seq end
    end
  end
end
if not low_ms then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-%.0f', low_ms, low_seq))`;

/** A stream entry as Redis gives it; the fields are null when the entry was deleted while it was pending. */
export type RawEntry = [id: string, fields: [string, string, string, string, string, string] | null];

export interface LogScripts {
  append(keys: { stream: string; appended: string }, json: string, count: number): Promise<string>;
  ensureGroup(keys: { stream: string; appended: string; handled: string }, group: string): Promise<number>;
  /** Entries; or, when there are none, the id after which to wait; or LOST. */
  ackAndRead(
    keys: { stream: string; lease: string; handled: string },
    read: { group: string; owner: string; count: number; from: '0' | '>'; ack: Acknowledgement | null },
  ): Promise<RawEntry[] | string>;
  ack(keys: { stream: string; handled: string }, group: string, ack: Acknowledgement): Promise<unknown>;
  renewLease(lease: string, owner: string, leaseMs: number): Promise<number>;
  releaseLease(lease: string, owner: string): Promise<number>;
  joinMembers(members: string, owner: string, leaseMs: number): Promise<number>;
  trim(stream: string, groups: readonly string[]): Promise<number>;
}

export interface Acknowledgement {
  ids: readonly string[];
  /** Total of the partition with the last of them; empty when only deleted entries were among them. */
  handledTotal: string;
}

const SCRIPTS = {
  pgAppend: [2, APPEND],
  pgEnsureGroup: [3, ENSURE_GROUP],
  pgAckAndRead: [3, ACK_AND_READ],
  pgAck: [2, ACK],
  pgRenewLease: [1, RENEW_LEASE],
  pgReleaseLease: [1, RELEASE_LEASE],
  pgJoinMembers: [1, JOIN_MEMBERS],
  pgTrim: [1, TRIM],
} as const;
type ScriptCommands = Record<keyof typeof SCRIPTS, (...args: (string | number)[]) => Promise<unknown>>;

/** The scripts as functions on this connection. ioredis sends the hash, and the text where Redis does not know it yet. */
export function logScripts(redis: Redis): LogScripts {
  for (const [name, [numberOfKeys, lua]] of Object.entries(SCRIPTS)) redis.defineCommand(name, { numberOfKeys, lua });
  const run = redis as unknown as ScriptCommands;
  return {
    append: (keys, json, count) => run.pgAppend(keys.stream, keys.appended, json, count) as Promise<string>,
    ensureGroup: (keys, group) => run.pgEnsureGroup(keys.stream, keys.appended, keys.handled, group) as Promise<number>,
    ackAndRead: (keys, { group, owner, count, from, ack }) =>
      run.pgAckAndRead(
        keys.stream,
        keys.lease,
        keys.handled,
        group,
        owner,
        count,
        from,
        ack?.handledTotal ?? '',
        ...(ack?.ids ?? []),
      ) as Promise<RawEntry[] | string>,
    ack: (keys, group, { ids, handledTotal }) => run.pgAck(keys.stream, keys.handled, group, handledTotal, ...ids),
    renewLease: (lease, owner, leaseMs) => run.pgRenewLease(lease, owner, leaseMs) as Promise<number>,
    releaseLease: (lease, owner) => run.pgReleaseLease(lease, owner) as Promise<number>,
    joinMembers: (members, owner, leaseMs) => run.pgJoinMembers(members, owner, leaseMs) as Promise<number>,
    trim: (stream, groups) => run.pgTrim(stream, ...groups) as Promise<number>,
  };
}
