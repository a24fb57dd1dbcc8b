import type { RecordedReading } from '@pulsegraph/contracts';
import { BinaryWriter } from './binary-writer.js';

export const COPY_READINGS =
  'copy telemetry.reading (series_id, recorded_at, value, received_after, flags, text) from stdin (format binary)';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const COLUMNS = 6;
const FIXED_ROW_BYTES = 2 + COLUMNS * 4 + 8 + 8 + 8 + 4 + 2;

/** Rows of `telemetry.reading` in COPY's binary format. */
export class ReadingCopy {
  private readonly writer = new BinaryWriter(1 << 20);

  start(): void {
    this.writer.reset();
    this.writer.raw(SIGNATURE);
    this.writer.reserve(8);
    this.writer.int32(0); // flags
    this.writer.int32(0); // header extension
  }

  add(seriesId: number, reading: RecordedReading, receivedAtUs: number): void {
    const { writer } = this;
    writer.reserve(FIXED_ROW_BYTES);
    writer.int16(COLUMNS);
    writer.int32(8);
    writer.int64(seriesId);
    writer.int32(8);
    writer.timestamp(reading.recordedAtUs);
    if (reading.value === null) writer.int32(-1);
    else {
      writer.int32(8);
      writer.float64(reading.value);
    }
    writer.int32(4);
    writer.float32((receivedAtUs - reading.recordedAtUs) / 1e6);
    writer.int32(2);
    writer.int16(reading.flags);
    if (reading.text === null) writer.int32(-1);
    else writer.text(reading.text);
  }

  /** Valid until the next `start`. */
  finish(): Buffer {
    this.writer.reserve(2);
    this.writer.int16(-1);
    return this.writer.result();
  }
}
