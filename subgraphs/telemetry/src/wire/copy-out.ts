const SIGNATURE_BYTES = 11;
const HEADER_BYTES = SIGNATURE_BYTES + 8;

/** Fields of one row; null for SQL's null. Views into what was received: to be read before the next row is asked for. */
export type CopiedRow = readonly (Buffer | null)[];

/** Rows out of COPY's binary format, cut anywhere. @throws Error when it ends within a row. */
export async function* copiedRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<CopiedRow, void, undefined> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let wanted = HEADER_BYTES + 2;
  let isBegun = false;
  for await (const chunk of chunks) {
    pending.push(chunk);
    pendingBytes += chunk.length;
    if (pendingBytes < wanted) continue;
    const bytes = pending.length === 1 ? chunk : Buffer.concat(pending, pendingBytes);
    let at = isBegun ? 0 : HEADER_BYTES + bytes.readInt32BE(SIGNATURE_BYTES + 4);
    isBegun = true;
    for (;;) {
      const row = rowAt(bytes, at);
      if (row === 'end') return;
      if (typeof row === 'number') {
        pending = [bytes.subarray(at)];
        pendingBytes = bytes.length - at;
        wanted = row;
        break;
      }
      yield row.fields;
      at = row.end;
    }
  }
  throw new Error('A COPY ended within a row.');
}

/** @returns As a number: how many bytes must be there before it is worth looking again. */
function rowAt(bytes: Buffer, start: number): { fields: CopiedRow; end: number } | number | 'end' {
  if (bytes.length < start + 2) return 2;
  const count = bytes.readInt16BE(start);
  if (count === -1) return 'end';
  const fields: (Buffer | null)[] = [];
  let at = start + 2;
  for (let index = 0; index < count; index++) {
    if (bytes.length < at + 4) return at + 4 - start;
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length === -1) {
      fields.push(null);
      continue;
    }
    if (bytes.length < at + length) return at + length - start;
    fields.push(bytes.subarray(at, at + length));
    at += length;
  }
  return { fields, end: at };
}
