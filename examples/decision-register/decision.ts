/** A proposal as a decision of working memory, and back to its number. */
import type { DecideInput, Item } from 'throughline'
import type { Proposal } from './register.ts'

export const SCOPE = 'python/peps'
export const NO_REASON = 'The register gives no reason.'

const CHOICES = {
  Accepted: 'adopted',
  Active: 'adopted',
  Final: 'adopted',
  Superseded: 'adopted',
  Rejected: 'rejected',
  Deferred: 'deferred',
  Draft: 'open',
  Withdrawn: 'open',
} as const satisfies Record<Proposal['status'], string>

/** What was decided, why, and which ideas were not taken. Whom it replaces is not in here: see `import.ts`. */
export function decisionOf(proposal: Proposal): DecideInput & { readonly choice: string } {
  const { pep, title, abstract, motivation, rejected, created, status } = proposal
  const choice = CHOICES[status]
  return {
    scope: SCOPE,
    subject: title,
    choice,
    statement: abstract ?? title,
    because: motivation ?? NO_REASON,
    alternatives: rejected === null ? [] : [{ option: rejected }],
    evidence: [{ quote: `PEP ${pep}`, url: `https://peps.python.org/pep-${String(pep).padStart(4, '0')}/` }],
    status: choice === 'adopted' || choice === 'rejected' ? 'active' : 'proposed',
    validFrom: created,
  }
}

/** The proposal's number, which is what people call it. */
export function numberOf({ evidence }: Pick<Item, 'evidence'>): number {
  return Number(/^PEP (\d+)$/.exec(evidence[0]?.quote ?? '')?.[1])
}
