/**
 * Text of an item in Markdown, and back, the same.
 *
 * T1. Three ways, the plainest that fits: on the line; as a block under it, every line indented; or in JSON's quotes, for what an editor
 *     might change or an eye might miss (control characters, directions of writing, white space at an end).
 * T2. Nothing of it is ever markup: no line of it begins where a field or an item begins, and `<` and `[` are escaped, so that no tag,
 *     no link and no picture comes of it wherever the text is shown.
 */

/** On the field's own line, or under it. */
export interface Written {
  readonly inline: string
  readonly block: readonly string[]
}

/** What an editor may strip, turn or hide. Tabs within a line are left alone. */
const DELICATE = /(?![\t\n])[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\ufeff]/u
const ALL_DELICATE = new RegExp(DELICATE, 'gu')
const ACTIVE = /[\\<[]/g
const ESCAPED = /\\([\\<[])/g

export function writtenText(text: string): Written {
  const isSimple = !DELICATE.test(text) && text === text.trim()
  if (isSimple && !text.includes('\n') && !/^["|]/.test(text))
    return { inline: text.replace(ACTIVE, String.raw`\$&`), block: [] }
  const lines = text.split('\n')
  if (isSimple && lines.length > 1 && lines.every((line) => line === line.trimEnd()))
    return { inline: '|', block: lines.map((line) => line.replace(ACTIVE, String.raw`\$&`)) }
  return { inline: quoted(JSON.stringify(text)), block: [] }
}

/** JSON in which nothing is markup or out of sight. Only strings can hold such characters; JSON itself has brackets. */
export function quoted(json: string): string {
  return json.replaceAll(/"(?:[^"\\]|\\.)*"/g, (string) =>
    string.replaceAll(/[<[]/g, codeOf).replaceAll(ALL_DELICATE, codeOf),
  )
}

const codeOf = (character: string): string =>
  String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The text of a field; undefined where its quotes are no JSON. */
export function readText({ inline, block }: Written): string | undefined {
  if (inline === '|') return block.map((line) => line.replace(ESCAPED, '$1')).join('\n')
  if (!inline.startsWith('"')) return inline.replace(ESCAPED, '$1')
  try {
    const text: unknown = JSON.parse(inline)
    return typeof text === 'string' ? text : undefined
  } catch {
    return undefined
  }
}
