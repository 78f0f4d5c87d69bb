const furthest = 3

/** No name is longer, and the distance costs the product of both lengths. */
const maximumLength = 100

/** The name that was probably meant. @returns undefined when none is near */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  if (text.length > maximumLength) return undefined
  const [nearest] = names
    .map((name) => ({ name, distance: editDistance(text.toLowerCase(), name.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance)
  return nearest !== undefined && nearest.distance <= furthest ? nearest.name : undefined
}

/** Levenshtein: how many characters have to be put in, taken out or changed. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_unused, column) => column)
  for (let index = 0; index < from.length; index += 1) {
    const next = [index + 1]
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (from[index] === to[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
