import { Reader, parse, type Root } from 'protobufjs';

/**
 * Of the Sparkplug 3.0 specification, appendix "Google Protocol Buffers schema": what is read here. Templates and data
 * sets are left as unknown fields, so that they are skipped, however deep they nest; properties are opened when needed.
 */
const SCHEMA = `
syntax = "proto2";
message Payload {
  optional uint64 timestamp = 1;
  repeated Metric metrics = 2;
  optional uint64 seq = 3;
  message PropertyValue {
    optional uint32 type = 1;
    optional bool is_null = 2;
    oneof value { uint32 int_value = 3; uint64 long_value = 4; }
  }
  message PropertySet {
    repeated string keys = 1;
    repeated PropertyValue values = 2;
  }
  message Metric {
    optional string name = 1;
    optional uint64 alias = 2;
    optional uint64 timestamp = 3;
    optional uint32 datatype = 4;
    optional bool is_historical = 5;
    optional bool is_null = 7;
    optional bytes properties = 9;
    oneof value {
      uint32 int_value = 10;
      uint64 long_value = 11;
      float float_value = 12;
      double double_value = 13;
      bool boolean_value = 14;
      string string_value = 15;
    }
  }
}`;

/** 64-bit fields come as `Long`; `String` of one is exact. */
export interface Unsigned64 {
  toNumber(): number;
  toString(): string;
}

export interface SparkplugMetric {
  name?: string;
  alias?: Unsigned64;
  timestamp?: Unsigned64;
  datatype?: number;
  isHistorical?: boolean;
  isNull?: boolean;
  /** A `PropertySet`. */
  properties?: Uint8Array;
  intValue?: number;
  longValue?: Unsigned64;
  floatValue?: number;
  doubleValue?: number;
  booleanValue?: boolean;
  stringValue?: string;
}

export interface SparkplugPayload {
  timestamp?: Unsigned64;
  seq?: Unsigned64;
  metrics: SparkplugMetric[];
}

export interface PropertySet {
  keys?: string[];
  values?: { intValue?: number; longValue?: Unsigned64 }[];
}

let root: Root | undefined;

function type(name: 'Payload' | 'Payload.PropertySet') {
  return (root ??= parse(SCHEMA).root).lookupType(name);
}

const METRICS_TAG = (2 << 3) | 2;

/** How many metrics it holds, without making any: an empty one takes two bytes on the wire and hundreds here. @throws as below */
export function countMetrics(bytes: Uint8Array): number {
  const reader = Reader.create(bytes);
  let count = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === METRICS_TAG) count++;
    reader.skipType(tag & 7);
  }
  return count;
}

/** @throws Error when the bytes are no protobuf, or another one. */
export function decodePayload(bytes: Uint8Array): SparkplugPayload {
  const payload = type('Payload');
  // A generated class with defaults on its prototype: what was not sent must stay absent.
  const { timestamp, seq, metrics } = payload.toObject(payload.decode(bytes)) as Partial<SparkplugPayload>;
  return { timestamp, seq, metrics: metrics ?? [] };
}

const MAX_PROPERTY_BYTES = 16 * 1024;

/** Null when they are too many to look at, or none. */
export function decodeProperties(bytes: Uint8Array): PropertySet | null {
  if (bytes.length > MAX_PROPERTY_BYTES) return null;
  const set = type('Payload.PropertySet');
  try {
    return set.toObject(set.decode(bytes)) as PropertySet;
  } catch {
    return null;
  }
}

const BOOLEAN = 11;

/** For the node: say again what you are. [tck-id-payloads-ncmd-rebirth…] */
export function rebirthRequest(timestampMs: number): Uint8Array {
  const metrics = [{ name: 'Node Control/Rebirth', datatype: BOOLEAN, booleanValue: true }];
  const payload = type('Payload');
  return payload.encode(payload.fromObject({ timestamp: timestampMs, metrics })).finish();
}
