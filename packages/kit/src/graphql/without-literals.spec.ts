import fc from 'fast-check';
import { buildSchema, parse, validate } from 'graphql';
import { coordinatesOf, withoutLiterals } from './index.js';

const schema = buildSchema(`
  scalar Instant
  enum Kind { A B }
  input Range { from: Float! to: Float labels: [String!] kind: Kind }
  type Query { patient(record: String!, kind: Kind, since: Instant, ids: [ID!], range: Range): Patient }
  type Patient { name(language: String): String }
`);
const cleaned = (text: string) => withoutLiterals(schema, parse(text));

describe('a document without literals', () => {
  it('holds none of the values, whatever they are, and still fits the schema', () => {
    const value = fc.string({ minLength: 6 }).map((text) => `<${text}>`);
    fc.assert(
      fc.property(value, value, fc.integer({ min: 100_000, max: 900_000 }), (record, label, from) => {
        const document = `query Q($x: String = ${JSON.stringify(record)}) {
          patient(record: ${JSON.stringify(record)}, kind: A, since: ${JSON.stringify(label)}, ids: [${from}, "${from}"], range: { from: ${from}, labels: [${JSON.stringify(label)}] }) {
            name(language: $x)
          }
        }`;
        const clean = cleaned(document);
        expect(validate(schema, parse(document))).toEqual([]);
        expect(validate(schema, parse(clean))).toEqual([]);
        for (const secret of [JSON.stringify(record), JSON.stringify(label), String(from)]) expect(clean).not.toContain(secret);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('is the same for operations that differ in values only', () => {
    expect(cleaned('{ patient(record: "1") { name } }')).toBe(cleaned('{ patient(record: "2") {\n name } }'));
    expect(cleaned('{ patient(record: "1", kind: A) { name } }')).not.toBe(cleaned('{ patient(record: "1", kind: B) { name } }'));
  });

  it('keeps literals of a fragment with the operation that reaches it', () => {
    const clean = cleaned('query Q { patient(record: "r") { ...F } } fragment F on Patient { name(language: "de") }');
    expect(clean).toBe(
      'query Q($literal_1:String!$literal_2:String!){patient(record:$literal_1){...F}}fragment F on Patient{name(language:$literal_2)}',
    );
  });
});

describe('coordinates', () => {
  it('name types, fields, arguments, input fields and values, also those that a variable may carry', () => {
    expect(coordinatesOf(schema, parse('query Q($range: Range) { patient(record: "r", range: $range) { name } }'))).toEqual([
      'Kind.A',
      'Kind.B',
      'Patient',
      'Patient.name',
      'Query',
      'Query.patient',
      'Query.patient.range',
      'Query.patient.record',
      'Range',
      'Range.from',
      'Range.kind',
      'Range.labels',
      'Range.to',
      'String',
    ]);
  });

  it('of literals name only what is written', () => {
    const used = coordinatesOf(schema, parse('{ patient(record: "r", kind: A, range: { from: 1 }) { __typename } }'));
    expect(used).toEqual([
      'Kind.A',
      'Patient',
      'Query',
      'Query.patient',
      'Query.patient.kind',
      'Query.patient.range',
      'Query.patient.record',
      'Range',
      'Range.from',
    ]);
  });
});
