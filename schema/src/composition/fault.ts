/** One thing wrong with a proposed schema, where it stands, and what to do. */
export interface SchemaFault {
  /** Apollo's code for composition, `INVALID_SDL` for what cannot be read. */
  code: string;
  message: string;
  file: string | null;
  line: number | null;
  hint: string;
}

const HINTS: Record<string, string> = {
  INVALID_SDL: 'Correct the syntax at this place.',
  INVALID_GRAPHQL:
    'Every type that is named must be defined here or be an entity stub: type X @key(fields: "id", resolvable: false) { id: ID! }.',
  FIELD_TYPE_MISMATCH: 'Give the field one type in all subgraphs: add a field with a new name and deprecate the old one.',
  FIELD_ARGUMENT_TYPE_MISMATCH: 'Give the argument one type in all subgraphs.',
  INVALID_FIELD_SHARING:
    'Mark the field @shareable in every subgraph that resolves it, or let one of them take it over with @override(from: "…").',
  SATISFIABILITY_ERROR: 'Some query can enter here and not get on: give the type a @key that the other subgraph can resolve.',
  KEY_INVALID_FIELDS: 'A @key may name only fields of the type itself.',
  EXTERNAL_MISSING_ON_BASE: 'An @external field must be defined in the subgraph that owns it.',
  EXTERNAL_UNUSED: 'Remove @external, or use the field in @requires, @provides or @key.',
  REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH: 'Make the new argument nullable, or give it a default.',
  REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH: 'Make the new input field nullable, or add it in every subgraph.',
  TYPE_KIND_MISMATCH: 'The type must be of one kind in all subgraphs: choose another name for the new one.',
  EMPTY_MERGED_ENUM_TYPE: 'Subgraphs share no value of this enum: add the values to each of them first.',
  ENUM_MISMATCH: 'An enum that is used in arguments and in results must have the same values in every subgraph.',
  OVERRIDE_FROM_SELF_ERROR: '@override names the subgraph that a field is taken from, never its own.',
  NO_QUERIES: 'At least one subgraph must have a field on Query.',
  UNKNOWN_FEDERATION_LINK_VERSION: 'Link a version of federation that composition here knows: v2.9.',
};

export const hintFor = (code: string): string => HINTS[code] ?? 'See the message: composition names the subgraphs that disagree.';

/** `telemetry.graphql:12  FIELD_TYPE_MISMATCH  …` with the hint below. */
export function faultText({ code, message, file, line, hint }: SchemaFault): string {
  const place = file ? `${file}${line === null ? '' : `:${line}`}  ` : '';
  return `${place}${code}  ${message}\n    hint: ${hint}`;
}
