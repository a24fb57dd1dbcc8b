import { parse, type Type } from 'protobufjs';

/**
 * Of the Sparkplug 3.0 specification, appendix "Google Protocol Buffers schema": what is read here. Templates and data
 * sets are left as unknown fields, so that they are skipped, however deep they nest.
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
    optional PropertySet properties = 9;
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
  properties?: { keys?: string[]; values?: { intValue?: number; longValue?: Unsigned64 }[] };
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

let payloadType: Type | undefined;

function type(): Type {
  return (payloadType ??= parse(SCHEMA).root.lookupType('Payload'));
}

/** @throws Error when the bytes are no protobuf, or another one. */
export function decodePayload(bytes: Uint8Array): SparkplugPayload {
  // A generated class with defaults on its prototype: what was not sent must stay absent.
  const { timestamp, seq, metrics } = type().toObject(type().decode(bytes)) as Partial<SparkplugPayload>;
  return { timestamp, seq, metrics: metrics ?? [] };
}

const BOOLEAN = 11;

/** For the node: say again what you are. [tck-id-payloads-ncmd-rebirth…] */
export function rebirthRequest(timestampMs: number): Uint8Array {
  const metrics = [{ name: 'Node Control/Rebirth', datatype: BOOLEAN, booleanValue: true }];
  return type()
    .encode(type().fromObject({ timestamp: timestampMs, metrics }))
    .finish();
}
