/** Names with `*`, which stands for any run of characters, an empty one included. Nothing else has a meaning of its own. */

/** Whether a name is what the pattern says. Not by a regular expression: `*a*a*a*` over a long name would take forever. */
export function isMatch(pattern: string, name: string): boolean {
  const pieces = pattern.split('*')
  const [first = '', last = ''] = [pieces[0], pieces.at(-1)]
  if (pieces.length === 1) return pattern === name
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false
  // The earliest place for each piece is as good as any: what follows it has the most room.
  let from = first.length
  const end = name.length - last.length
  for (const piece of pieces.slice(1, -1)) {
    const at = name.indexOf(piece, from)
    if (at < 0 || at + piece.length > end) return false
    from = at + piece.length
  }
  return true
}
