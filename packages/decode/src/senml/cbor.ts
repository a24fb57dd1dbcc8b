/** What CBOR of data, not of programs, is made of. Map keys are text or whole numbers. */
export type Cbor = number | string | boolean | null | Uint8Array | Cbor[] | Map<number | string, Cbor>;

const MAX_DEPTH = 8;

/** More values than anybody means: a byte each on the wire, and a hundred here. */
export class TooManyValues extends RangeError {}

/**
 * RFC 8949, for hostile input: lengths are held against the bytes that are there before anything is made, nesting is
 * bounded. Whole numbers beyond 2^53 become the nearest double; decimal fractions (tag 4) become numbers.
 * @param maxValues Over all lists and maps, keys and pieces of strings counted.
 * @throws RangeError with a sentence when it is not well-formed, or none of ours.
 */
export function decodeCbor(bytes: Uint8Array, maxValues = 10_000): Cbor {
  const reader = new Reader(bytes, maxValues);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new RangeError(`${bytes.length - reader.at} bytes follow after the value`);
  return value;
}

class Reader {
  at = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private valuesLeft: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): Cbor {
    if (depth > MAX_DEPTH) throw new RangeError(`it is nested more than ${MAX_DEPTH} deep`);
    this.count();
    const head = this.byte();
    const major = head >> 5;
    const info = head & 31;
    if (major === 7) return this.simple(info);
    const isOpen = info === 31;
    if (isOpen && (major < 2 || major === 6)) throw new RangeError(`byte ${this.at - 1} is not well-formed`);
    const size = isOpen ? Infinity : this.size(info);
    switch (major) {
      case 0:
        return size;
      case 1:
        return -1 - size;
      case 2:
      case 3:
        return this.string(major, size);
      case 4: {
        const list: Cbor[] = [];
        for (let i = 0; i < size && !this.isEnd(isOpen); i++) list.push(this.value(depth + 1));
        return list;
      }
      case 5: {
        const map = new Map<number | string, Cbor>();
        for (let i = 0; i < size && !this.isEnd(isOpen); i++) {
          const key = this.value(depth + 1);
          if (typeof key !== 'number' && typeof key !== 'string') throw new RangeError('a key is neither text nor a number');
          map.set(key, this.value(depth + 1));
        }
        return map;
      }
      default: {
        const content = this.value(depth + 1);
        return size === 4 ? decimal(content) : content;
      }
    }
  }

  private string(major: 2 | 3, size: number): string | Uint8Array {
    let content: Uint8Array;
    if (size === Infinity) {
      const pieces: Uint8Array[] = [];
      while (!this.isEnd(true)) {
        this.count();
        const head = this.byte();
        if (head >> 5 !== major || (head & 31) === 31) throw new RangeError('a piece of a string is no string');
        pieces.push(this.take(this.size(head & 31)));
      }
      content = Buffer.concat(pieces);
    } else {
      content = this.take(size);
    }
    if (major === 2) return content;
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(content);
    } catch {
      throw new RangeError('a text is not UTF-8');
    }
  }

  private size(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw new RangeError(`byte ${this.at - 1} is not well-formed`);
    const length = 1 << (info - 24);
    this.need(length);
    const { view, at } = this;
    this.at += length;
    if (length === 1) return view.getUint8(at);
    if (length === 2) return view.getUint16(at);
    return length === 4 ? view.getUint32(at) : Number(view.getBigUint64(at));
  }

  private simple(info: number): Cbor {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22 || info === 23) return null;
    if (info < 25 || info > 27) throw new RangeError(`byte ${this.at - 1} is not well-formed, or a simple value`);
    const length = 1 << (info - 24);
    this.need(length);
    const { view, at } = this;
    this.at += length;
    if (length === 2) return half(view.getUint16(at));
    return length === 4 ? view.getFloat32(at) : view.getFloat64(at);
  }

  private isEnd(isOpen: boolean): boolean {
    if (!isOpen) return false;
    this.need(1);
    if (this.bytes[this.at] !== 0xff) return false;
    this.at++;
    return true;
  }

  private count(): void {
    if (this.valuesLeft-- <= 0) throw new TooManyValues('it holds too many values');
  }

  private byte(): number {
    this.need(1);
    return this.bytes[this.at++]!;
  }

  private take(length: number): Uint8Array {
    this.need(length);
    return this.bytes.subarray(this.at, (this.at += length));
  }

  private need(length: number): void {
    if (length > this.bytes.length - this.at) throw new RangeError('it ends too early');
  }
}

function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** [exponent, mantissa] */
function decimal(content: Cbor): number {
  if (!Array.isArray(content) || content.length !== 2 || typeof content[0] !== 'number' || typeof content[1] !== 'number')
    throw new RangeError('a decimal fraction is not [exponent, mantissa]');
  // Through text, so that 225e-1 is 22.5 and not a neighbour of it.
  return Number(`${content[1]}e${content[0]}`);
}
