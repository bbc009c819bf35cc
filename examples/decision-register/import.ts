/**
 * The register, written into memory as it came about.
 *
 * I1. In the order of days, with a clock that shows the day: what was believed on a date can be asked, although all was read today.
 * I2. What replaces another is one commit with the other's end.
 * I3. Killed in the middle, it goes on: what is there already is left as it is.
 *
 * The register says when a proposal was made, not when it was decided. So a decision stands from the day its proposal was made, with the
 * outcome it came to; what was withdrawn, or replaced by something the register does not name, ends on the day of the import.
 */
import { open, type Clock, type MemoryItem, type Throughline } from 'throughline'
import { decisionOf, numberOf, SCOPE } from './decision.ts'
import { replacementsIn, type Proposal, type Replacement } from './register.ts'

const BY = 'the register'
const ANY = ['proposed', 'active', 'superseded', 'withdrawn'] as const

/** Time as the register has it: it stands until it is set. */
class Calendar implements Clock {
  day = Date.now()

  now(): number {
    return this.day
  }

  at(at: number, fire: () => void): () => void {
    const timer = setTimeout(fire, Math.max(0, at - this.day))
    return () => clearTimeout(timer)
  }
}

const REPLACES = 'supersedes'
const COMES_FROM = 'derived_from'
/** Links to what a proposal replaced. */
export const REPLACEMENTS: readonly string[] = [REPLACES, COMES_FROM]

/** Brings a store to where the register is. Resolves with how many proposals were new to it. */
export async function importRegister(store: string, register: readonly Proposal[]): Promise<number> {
  const clock = new Calendar()
  const today = clock.day
  const tl = await open({ store, clock, worker: false })
  try {
    const known = new Map((await everyDecision(tl)).map((item) => [numberOf(item), item.id]))
    const before = known.size
    const replacements = replacementsIn(register)
    for (const proposal of register) {
      clock.day = proposal.created.getTime()
      await record(tl, proposal, { known, replacements })
    }
    clock.day = today
    for (const proposal of register) await conclude(tl, proposal, String(known.get(proposal.pep)))
    return known.size - before
  } finally {
    await tl.close()
  }
}

/** Every decision of the register, whatever has become of it; newest first. */
export async function everyDecision(tl: Throughline): Promise<readonly MemoryItem[]> {
  const all: MemoryItem[] = []
  let cursor: string | undefined
  do {
    const page = await tl.memory.list({
      scope: SCOPE,
      status: ANY,
      limit: 1000,
      ...(cursor === undefined ? {} : { cursor }),
    })
    all.push(...page.items)
    cursor = page.cursor
  } while (cursor !== undefined)
  return all
}

interface Register {
  readonly known: Map<number, string>
  readonly replacements: readonly Replacement[]
}

/** What it replaces ends in its own commit; what another had replaced before is linked as what it comes from. */
async function record(tl: Throughline, proposal: Proposal, { known, replacements }: Register): Promise<void> {
  const { pep } = proposal
  const olds = replacements.filter(({ by }) => by === pep).flatMap(({ old }) => known.get(old) ?? [])
  const live: string[] = []
  for (const old of olds) if (isLive(await tl.memory.get(old))) live.push(old)
  if (known.has(pep)) for (const old of live) await end(tl, old, `Replaced by PEP ${pep}`)
  else {
    const links = olds.map((to) => ({ type: live.includes(to) ? REPLACES : COMES_FROM, to }) as const)
    known.set(pep, (await tl.memory.decide({ ...decisionOf(proposal), links }, { by: BY })).id)
  }
  // Some were replaced by what had been proposed before them.
  const older = replacements.find(({ old, by }) => old === pep && known.has(by))
  if (older) await end(tl, String(known.get(pep)), `Replaced by PEP ${older.by}`)
}

/** What the register says is over, and does not say since when. */
async function conclude(tl: Throughline, { status }: Proposal, id: string): Promise<void> {
  if (status === 'Withdrawn') await end(tl, id, 'Its authors withdrew it; the register does not say when')
  if (status === 'Superseded') await end(tl, id, 'The register calls it superseded, and does not say by what')
}

async function end(tl: Throughline, id: string, because: string): Promise<void> {
  if (isLive(await tl.memory.get(id))) await tl.memory.withdraw(id, { because, by: BY })
}

const isLive = ({ status }: MemoryItem): boolean => status === 'active' || status === 'proposed'
