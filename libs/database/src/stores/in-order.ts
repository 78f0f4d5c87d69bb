/** Puts the rows of a statement `WITH ORDINALITY` at the positions of the keys they answer; undefined where none does. */
export function inOrder<Row extends { readonly position: number }>(
  rows: readonly Row[],
  keys: number,
): readonly (Row | undefined)[] {
  const byPosition = new Map(rows.map((row) => [row.position, row]))
  return Array.from({ length: keys }, (_, index) => byPosition.get(index + 1))
}
