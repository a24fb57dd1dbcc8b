/** Who answers for what: `Device` or `Device.serialNumber` → team. */
export type Owners = Readonly<Record<string, string>>;

/** The most particular entry decides: an argument's, else its field's, else its type's. */
export function ownerOf(owners: Owners, path: string): string | null {
  const parts = path.split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    const owner = owners[parts.slice(0, length).join('.')];
    if (owner) return owner;
  }
  return null;
}
