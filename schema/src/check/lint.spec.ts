import { lint, lintNew } from './lint.js';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';
const found = (sdl: string) => lint({ name: 'x', sdl: LINK + sdl }).map(({ rule, path, line }) => `${rule} ${path} ${line}`);

describe('lint', () => {
  it.each([
    [
      'names',
      '"A." type my_type { "F." some_field: String }\n"E." enum E { low }',
      ['naming my_type 2', 'naming my_type.some_field 2', 'naming E.low 3'],
    ],
    ['descriptions', 'type Reading { value: Float id: ID }', ['description Reading 2', 'description Reading.value 2']],
    ['lists with holes', '"A." type A { "L." list: [String] }', ['nullability A.list 2']],
    [
      'references that cannot be missing',
      'type Device @key(fields: "id", resolvable: false) { id: ID! }\n"A." type A { "D." device: Device! }',
      ['nullability A.device 3'],
    ],
    [
      'lists that grow',
      '"T." type Thing @key(fields: "id") { id: ID! }\ntype Query { "All." things: [Thing!]! }',
      ['pagination Query.things 3'],
    ],
    [
      'deprecations without reason or date',
      '"A." type A { "X." x: Int @deprecated "Y." y: Int @deprecated(reason: "Use x.") "Z." z: Int @deprecated(reason: "Use x. Gone after 2027-01-31.") }',
      ['deprecation A.x 2', 'deprecation A.y 2'],
    ],
  ])('finds %s', (_what, sdl, expected) => {
    expect(found(sdl)).toEqual(expected);
  });

  it('finds nothing where all is as it should be', () => {
    expect(
      found('"T." type Thing @key(fields: "id") { id: ID! name: String }\ntype Query { "Some." things(first: Int = 20): [Thing!]! }'),
    ).toEqual([]);
  });

  it('tells only what is new', () => {
    const old = { name: 'x', sdl: `${LINK}type Old { value: Int }` };
    expect(lintNew(old, { name: 'x', sdl: `${old.sdl}\ntype New { value: Int }` }).map(({ path }) => path)).toEqual(['New', 'New.value']);
  });
});
