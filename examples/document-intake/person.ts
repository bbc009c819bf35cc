/** What could not be filed is put to a person, who says what it is; the run rests until they have. */
import type { Context } from 'throughline'
import { Cabinet } from './cabinet.ts'
import type { Row } from './clerk.ts'
import type { Document } from './documents.ts'
import { Filed, KINDS } from './entry.ts'

const LEAVE = 'leave it on the pile'

export function decideOn(
  ctx: Context,
  person: string,
  documents: readonly Document[],
  rows: readonly Row[],
  to: string,
): Promise<Row[]> {
  const cabinet = new Cabinet(to)
  return ctx.map(
    'decide',
    rows,
    async (branch, row, index) => {
      const document = documents[index]
      if (row.pile === 'filed' || !document) return row
      const { findings = [], ...claimed } = (await branch.step('entry', () => cabinet.find(document))) ?? {}
      const choices = [...KINDS, LEAVE] as const
      const about = { path: row.path, findings, claimed }
      const kind = await branch.ask(`What is ${row.path}?`, { to: person, choices, about })
      if (kind === LEAVE) return row
      return branch.step('file', async ({ idempotencyKey: key }): Promise<Row> => {
        const filing = {
          ...unrefuted(claimed, findings),
          findings,
          kind,
          pile: 'filed' as const,
          corrections: 1,
          key,
          by: person,
        }
        await cabinet.replace(document, filing)
        return { ...row, kind, pile: 'filed', isCorrected: true }
      })
    },
    { key: ({ path }) => path },
  )
}

/** What was claimed, without the fields that the checks found wrong: a kind is no word on those. */
function unrefuted(claimed: object, findings: readonly string[]) {
  const wrong = new Set(findings.map((finding) => finding.split(':', 1)[0]))
  return Filed.partial().parse(
    Object.fromEntries(Object.entries(claimed).filter(([field]) => !wrong.has(field))),
  )
}
