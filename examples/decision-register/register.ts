/** The register as a file: one proposal a line, in the words of its authors. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

const text = z.string().min(1).nullable()

const proposal = z.object({
  pep: z.number().int(),
  title: z.string().min(1),
  status: z.enum(['Accepted', 'Active', 'Deferred', 'Draft', 'Final', 'Rejected', 'Superseded', 'Withdrawn']),
  created: z.string().transform((day) => new Date(`${day} UTC`)),
  replaces: z.array(z.number()),
  superseded_by: z.array(z.number()),
  abstract: text,
  motivation: text,
  rejected: text,
})

export type Proposal = z.infer<typeof proposal>

/** Somebody replaced something: the numbers of both. */
export interface Replacement {
  readonly by: number
  readonly old: number
}

/** The proposals of a file, oldest first. Throws where a line is none. */
export function readRegister(file = `${import.meta.dirname}/peps.jsonl`): readonly Proposal[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => proposal.parse(JSON.parse(line)))
    .toSorted((a, b) => a.created.getTime() - b.created.getTime() || a.pep - b.pep)
}

/** Who replaced whom, as either of the two says; only where both are in the register. */
export function replacementsIn(register: readonly Proposal[]): readonly Replacement[] {
  const numbers = new Set(register.map(({ pep }) => pep))
  const said = register.flatMap(({ pep, replaces, superseded_by }) => [
    ...replaces.map((old) => ({ by: pep, old })),
    ...superseded_by.map((by) => ({ by, old: pep })),
  ])
  const known = said.filter(({ by, old }) => numbers.has(by) && numbers.has(old))
  return [...new Map(known.map((one) => [`${one.by} ${one.old}`, one])).values()]
}
