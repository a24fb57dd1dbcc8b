/** One line of the protocol, escapes resolved. */
export interface Line {
  /** From 1. */
  number: number;
  /** As it was sent. */
  text: string;
  measurement: string;
  tags: [key: string, value: string][];
  fields: [key: string, value: number | boolean | string][];
  /** In the precision that the sender says elsewhere. Exact: nanoseconds do not fit a double. */
  timestamp: bigint | null;
}

export interface BadLine {
  number: number;
  text: string;
  problem: string;
}

const COMMA = 44;
const SPACE = 32;
const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;
const HASH = 35;

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const INTEGER = /^(?:[+-]?\d{1,19}i|\d{1,20}u)$/;
const TIMESTAMP = /^-?\d{1,19}$/;
const TRUE = new Set(['t', 'T', 'true', 'True', 'TRUE']);
const FALSE = new Set(['f', 'F', 'false', 'False', 'FALSE']);

class Problem extends Error {}

/**
 * Reads line protocol, a line at a time, in one pass. A line that cannot be read ends at its line break.
 * @see https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 */
export class LineParser {
  private at = 0;
  private number = 0;

  constructor(private readonly text: string) {}

  /** Null at the end. */
  next(): Line | BadLine | null {
    const { text } = this;
    while (this.at < text.length) {
      this.number++;
      const start = this.at;
      while (text.charCodeAt(this.at) === SPACE || text.charCodeAt(this.at) === 13) this.at++;
      const first = text.charCodeAt(this.at);
      if (first === HASH || first === NEWLINE || this.at >= text.length) {
        this.skipLine();
        continue;
      }
      const number = this.number;
      try {
        const line = this.line();
        return { ...line, number, text: text.slice(start, this.at - 1).trimEnd() };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        this.at = start;
        this.number = number;
        this.skipLine();
        return { number, text: text.slice(start, this.at - 1).trimEnd(), problem: error.message };
      }
    }
    return null;
  }

  private line(): Omit<Line, 'number' | 'text'> {
    const { text } = this;
    const measurement = this.token(COMMA, SPACE);
    if (measurement === '') throw new Problem('the measurement is missing');
    const tags: Line['tags'] = [];
    while (text.charCodeAt(this.at) === COMMA) {
      this.at++;
      const key = this.key('tag');
      const value = this.token(COMMA, SPACE);
      if (value === '') throw new Problem(`tag ${key.slice(0, 64)} has no value`);
      tags.push([key, value]);
    }
    this.spaces();
    const fields: Line['fields'] = [];
    do {
      if (fields.length > 0) this.at++;
      const key = this.key('field');
      fields.push([key, text.charCodeAt(this.at) === QUOTE ? this.quoted(key) : valueOf(key, this.token(COMMA, SPACE))]);
    } while (text.charCodeAt(this.at) === COMMA);
    this.spaces();
    const stamp = this.token(SPACE, SPACE).trimEnd();
    this.spaces();
    if (this.at < text.length && text.charCodeAt(this.at) === 13) this.at++;
    if (this.at < text.length && text.charCodeAt(this.at) !== NEWLINE) throw new Problem('there is something after the timestamp');
    this.at++;
    if (stamp !== '' && !TIMESTAMP.test(stamp)) throw new Problem(`the timestamp is "${stamp.slice(0, 64)}", not a whole number`);
    return { measurement, tags, fields, timestamp: stamp === '' ? null : BigInt(stamp) };
  }

  private key(kind: 'tag' | 'field'): string {
    const key = this.token(EQUALS, SPACE, COMMA);
    if (this.text.charCodeAt(this.at) !== EQUALS) throw new Problem(`a ${kind} is missing, or is not key=value`);
    if (key === '') throw new Problem(`a ${kind} has no name`);
    this.at++;
    return key;
  }

  /** Up to an unescaped stop or the end of the line. A backslash before anything else than `,` `=` and a space is itself. */
  private token(stop: number, orStop: number, orElse = stop): string {
    const { text } = this;
    const start = this.at;
    let isEscaped = false;
    for (; this.at < text.length; this.at++) {
      const char = text.charCodeAt(this.at);
      if (char === NEWLINE || char === stop || char === orStop || char === orElse) break;
      if (char !== BACKSLASH) continue;
      const next = text.charCodeAt(this.at + 1);
      if (next !== COMMA && next !== SPACE && next !== EQUALS) continue;
      isEscaped = true;
      this.at++;
    }
    const token = text.slice(start, this.at);
    return isEscaped ? token.replace(/\\([,= ])/g, '$1') : token;
  }

  /** A string may hold line breaks. */
  private quoted(key: string): string {
    const { text } = this;
    const start = ++this.at;
    for (; this.at < text.length; this.at++) {
      const char = text.charCodeAt(this.at);
      if (char === BACKSLASH && (text.charCodeAt(this.at + 1) === QUOTE || text.charCodeAt(this.at + 1) === BACKSLASH)) this.at++;
      else if (char === NEWLINE) this.number++;
      else if (char === QUOTE) return text.slice(start, this.at++).replace(/\\(["\\])/g, '$1');
    }
    throw new Problem(`the text of ${key.slice(0, 64)} does not end`);
  }

  private spaces(): void {
    while (this.text.charCodeAt(this.at) === SPACE) this.at++;
  }

  private skipLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length + 1 : end + 1;
  }
}

function valueOf(key: string, raw: string): number | boolean {
  const token = raw.trimEnd();
  if (FLOAT.test(token)) return Number(token);
  if (INTEGER.test(token)) return Number(token.slice(0, -1));
  if (TRUE.has(token)) return true;
  if (FALSE.has(token)) return false;
  throw new Problem(`the value of ${key.slice(0, 64)} is "${token.slice(0, 64)}"`);
}
