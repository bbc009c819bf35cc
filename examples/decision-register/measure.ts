/**
 * How often the decision that a new one replaces is found, before anybody has said that it replaces it:
 * `node --conditions=throughline-source examples/decision-register/measure.ts [--json]`.
 *
 * The register goes into an empty store without a word on who replaced whom, all of it live. Then each new decision of a pair asks with
 * its title, and with all it says. Who replaced whom is looked at to judge, and for nothing else.
 */
import { parseArgs } from 'node:util'
import { open } from 'throughline'
import { PlainBm25 } from './bm25.ts'
import { decisionOf, SCOPE } from './decision.ts'
import { readRegister, replacementsIn, type Proposal, type Replacement } from './register.ts'
import { measurements } from './tables.ts'

const IN = 10

type Search = (query: string) => Promise<readonly number[]>

export interface Finding {
  readonly asked: 'its title' | 'all it says'
  readonly engine: 'recall' | 'plain BM25'
  readonly pairs: number
  /** Pairs whose older decision is among the first ten. */
  readonly inTen: number
  /** … and is the very first. */
  readonly first: number
  readonly missed: readonly Replacement[]
  readonly msEach: number
}

const said = ({ title, abstract, motivation, rejected }: Proposal): string =>
  [title, abstract, motivation, rejected].filter((text) => text !== null).join('\n')

export async function measure(register: readonly Proposal[]): Promise<readonly Finding[]> {
  const pairs = replacementsIn(register)
  const byNumber = new Map(register.map((proposal) => [proposal.pep, proposal]))
  const bm25 = new PlainBm25(register.map((proposal) => [proposal.pep, said(proposal)]))
  const tl = await open({ store: 'memory:', worker: false })
  try {
    const numbers = new Map<string, number>()
    for (const proposal of register) {
      const { id } = await tl.memory.decide({ ...decisionOf(proposal), status: 'active' })
      numbers.set(id, proposal.pep)
    }
    const engines = {
      recall: async (query) => {
        const found = await tl.memory.recall({ query, scope: SCOPE, limit: IN + 1 })
        return found.map(({ item }) => numbers.get(item.id) ?? 0)
      },
      'plain BM25': async (query) => bm25.search(query),
    } as const satisfies Record<string, Search>
    const asked = { 'its title': ({ title }: Proposal) => title, 'all it says': said }
    const findings: Finding[] = []
    for (const [what, textOf] of Object.entries(asked))
      for (const [engine, search] of Object.entries(engines)) {
        await search('warm up')
        const from = performance.now()
        const ranks = await ranksOf(pairs, search, (pep) => textOf(byNumber.get(pep) as Proposal)) // both of a pair are in it
        findings.push({
          asked: what as Finding['asked'], // the keys above
          engine: engine as Finding['engine'],
          pairs: pairs.length,
          inTen: ranks.filter((rank) => rank < IN).length,
          first: ranks.filter((rank) => rank === 0).length,
          missed: pairs.filter((_, i) => (ranks[i] ?? IN) >= IN),
          msEach: (performance.now() - from) / pairs.length,
        })
      }
    return findings
  } finally {
    await tl.close()
  }
}

/** Where the older one of each pair stands among what the newer one finds, itself left out; Infinity where it is not found. */
async function ranksOf(pairs: readonly Replacement[], search: Search, textOf: (pep: number) => string) {
  const ranks: number[] = []
  for (const { by, old } of pairs) {
    const rank = (await search(textOf(by))).filter((pep) => pep !== by).indexOf(old)
    ranks.push(rank < 0 ? Number.POSITIVE_INFINITY : rank)
  }
  return ranks
}

/** As `npm run bench` reads them: the last line of what is printed. */
export function figuresOf(findings: readonly Finding[]) {
  const of = (asked: Finding['asked'], engine: Finding['engine']) =>
    findings.find((one) => one.asked === asked && one.engine === engine)
  const rows = [
    ['its title', 37],
    ['all it says', 39],
  ] as const
  return rows.flatMap(([asked, atLeast]) => {
    const [ours, plain] = [of(asked, 'recall'), of(asked, 'plain BM25')]
    if (!ours || !plain) return []
    const name = `decision register, asked by ${asked}`
    return [
      { name: `${name}: found in ten, of ${ours.pairs}`, value: ours.inTen, unit: 'pairs', atLeast },
      {
        name: `${name}: found first (plain BM25: ${plain.first})`,
        value: ours.first,
        unit: 'pairs',
        atLeast: plain.first,
      },
    ]
  })
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
  const register = readRegister()
  const findings = await measure(register)
  process.stdout.write(
    values.json ? `${JSON.stringify({ figures: figuresOf(findings) })}\n` : measurements(findings, register),
  )
}
