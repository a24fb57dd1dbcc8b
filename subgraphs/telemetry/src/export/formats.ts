import { stringify } from 'csv-stringify/sync';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { ExportedReading } from './export.repository.js';

/** Turns readings into bytes, part by part. Holds no more than one part. */
export interface ExportEncoder {
  begin(): string | Uint8Array;
  part(readings: readonly ExportedReading[]): string | Uint8Array;
  end(): string | Uint8Array;
}

export interface ExportFormat {
  contentType: string;
  /** @param isText Whether values are words. */
  open(isText: boolean): ExportEncoder;
}

const valueOf = ({ value, text }: ExportedReading) => text ?? value;
const instantOf = ({ recordedAtMs }: ExportedReading) => new Date(recordedAtMs).toISOString();

const csv: ExportFormat = {
  contentType: 'text/csv; charset=utf-8',
  open: () => ({
    begin: () => 'recordedAt,value,unit\n',
    // A spreadsheet would run a word that looks like a formula.
    part: (readings) =>
      stringify(
        readings.map((reading) => [instantOf(reading), valueOf(reading), reading.unit]),
        { escape_formulas: true },
      ),
    end: () => '',
  }),
};

const json: ExportFormat = {
  contentType: 'application/json',
  open: () => {
    let written = 0;
    return {
      begin: () => '[',
      part: (readings) =>
        readings
          .map(
            (reading) =>
              `${written++ > 0 ? ',' : ''}\n${JSON.stringify({ recordedAt: instantOf(reading), value: valueOf(reading), unit: reading.unit })}`,
          ) // prettier-ignore
          .join(''),
      end: () => '\n]\n',
    };
  },
};

const parquetSchema = (isText: boolean): SchemaElement[] => [
  { name: 'root', num_children: 3 },
  { name: 'recordedAt', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
  isText
    ? { name: 'value', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }
    : { name: 'value', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
  { name: 'unit', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
];

const parquet: ExportFormat = {
  contentType: 'application/vnd.apache.parquet',
  open: (isText) => {
    const bytes = new ByteWriter();
    const writer = new ParquetWriter({ writer: bytes, schema: parquetSchema(isText) });
    /** What was written since the last time; the offsets in the file go on counting. */
    const taken = () => {
      const copy = bytes.getBytes().slice();
      bytes.index = 0;
      return copy;
    };
    return {
      begin: taken,
      // A part is a row group.
      part: (readings) => {
        void writer.write({
          rowGroupSize: readings.length,
          columnData: [
            { name: 'recordedAt', data: readings.map(({ recordedAtMs }) => new Date(recordedAtMs)) },
            { name: 'value', data: readings.map(valueOf) },
            { name: 'unit', data: readings.map(({ unit }) => unit) },
          ],
        });
        return taken();
      },
      end: () => {
        void writer.finish();
        return taken();
      },
    };
  },
};

export const EXPORT_FORMATS: Readonly<Record<'csv' | 'json' | 'parquet', ExportFormat>> = { csv, json, parquet };
