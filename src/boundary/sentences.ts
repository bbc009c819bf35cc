/** A boundary read out: a sentence for each of its limits, and for what happens where one would be crossed. */
import type { AnyTask, Counted, Ladder, Limit, Narrowed } from '../task/index.ts'
import { inUnits } from './ledger.ts'

export interface LimitLine {
  /** As it is declared: `budget.costUsd`. */
  readonly limit: string
  readonly sentence: string
}

const COUNTS: Readonly<Record<Counted, readonly [field: string, sentence: (most: string) => string]>> = {
  cost_micros: ['budget.costUsd', (most) => `may cost up to $${most}`],
  tokens: ['budget.tokens', (most) => `may use up to ${most} tokens of models`],
  model_calls: ['budget.modelCalls', (most) => `may call models up to ${most} times`],
  tool_calls: ['budget.toolCalls', (most) => `may call tools up to ${most} times`],
  steps: ['budget.steps', (most) => `may make up to ${most} attempts of steps`],
}

const number = (value: number): string => value.toLocaleString('en-GB', { maximumFractionDigits: 6 })
const listed = (names: readonly string[], none: string): string =>
  names.length > 0 ? names.join(', ') : none

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** `1d 12h`. */
export function span(ms: number): string {
  let left = Math.round(ms)
  const parts = SPANS.flatMap(([unit, length]) => {
    const many = Math.floor(left / length)
    left -= many * length
    return many > 0 ? [`${many}${unit}`] : []
  })
  return parts.length > 0 ? parts.join(' ') : 'no time at all'
}

/** What a run of this task may not cross; `within`: its limits, those of its callers included. */
export function sentencesOf(task: AnyTask, within: Narrowed | undefined, run: string): readonly LimitLine[] {
  return [...(within ? limitLines(within, run) : []), ...ownLines(task, within !== undefined)]
}

function limitLines(within: Narrowed, run: string): readonly LimitLine[] {
  const lines: LimitLine[] = []
  const say = (limit: string, sentence: string) => lines.push({ limit, sentence })
  for (const { run: ledger, counts, callsOf = {}, rate, concurrency } of within.ledgers) {
    const who = ledger === run ? 'A run' : `All of ${ledger}`
    const below = ledger === run ? ', its children included' : ', this run included'
    for (const [column, [field, sentence]] of Object.entries(COUNTS)) {
      const most = counts[column as Counted] // its own keys
      if (most !== undefined)
        say(field, `${who} ${sentence(number(inUnits(column as Counted, most)))}${below}.`)
    }
    for (const [tool, most] of Object.entries(callsOf))
      say(`tools.limits.${tool}`, `${who} may call the tool ${tool} up to ${most ?? 0} times${below}.`)
    if (rate)
      say(
        'rate',
        `${who} may begin up to ${rate.calls} calls of models and tools within ${span(rate.perMs)}${below}; the others wait.`,
      )
    if (concurrency !== undefined)
      say(
        'concurrency',
        `${who} may have up to ${concurrency} calls of models under way at once in a process${below}; the others wait.`,
      )
  }
  if (within.ledgers.some(({ counts }) => counts.cost_micros !== undefined)) {
    const price = within.microsPerMillionTokens
    say(
      'budget.usdPerMillionTokens',
      price === undefined
        ? 'A model whose price nobody knows is refused.'
        : `A model whose price nobody knows is taken to cost $${number(price / 1_000_000)} a million tokens.`,
    )
  }
  if (within.until)
    say('budget.duration', `A run ends ${span(within.until.durationMs)} after it began, whatever it does.`)
  if (within.tools) say('tools.allow', `Only these tools may be called: ${listed(within.tools, 'none')}.`)
  if (within.effects)
    say(
      'effects',
      `Tools may be called if they are: ${listed(within.effects, 'nothing')}. One that does not say counts as irreversible.`,
    )
  for (const hosts of within.hosts ?? [])
    say(
      'egress.allowHosts',
      `Tools that use the fetch they are given may reach: ${listed(hosts, 'no host')}. A connection that a tool or a provider opens by itself is not seen.`,
    )
  if (within.contextTokens !== undefined)
    say(
      'context.maxTokens',
      `A conversation sent to a model may have up to ${number(within.contextTokens)} tokens.`,
    )
  if (within.confidence !== undefined)
    say(
      'confidence',
      `A value whose confidence is said, at a checkpoint or as the output, needs ${within.confidence} at least.`,
    )
  return lines
}

function ownLines({ boundary }: AnyTask, isLimited: boolean): readonly LimitLine[] {
  const invariants = (boundary?.invariants ?? []).map(({ name, at }) => ({
    limit: `invariants.${name}`,
    sentence: `The invariant ${name} holds ${at ? `at ${at.join(', ')}` : 'at every checkpoint and of the output'}.`,
  }))
  const ways = Object.entries(boundary?.onBreach ?? {}) as [Limit, Ladder][] // as it was checked when it was declared
  const onBreach = [...Map.groupBy(ways, ([, ladder]) => ladder)].map(([ladder, limits]) => {
    const names = limits.map(([limit]) => limit)
    return {
      limit: names.length > 1 ? 'onBreach' : `onBreach.${names[0] ?? ''}`,
      sentence: `Where ${names.join(', ')} would be crossed: ${ladder.rungs.map(rungText).join(', then ')}.`,
    }
  })
  const others = {
    limit: 'onBreach',
    sentence:
      'Where a limit would be crossed and nothing else is said, nothing of it is done, and the run halts for a person to look at.',
  }
  return [...invariants, ...onBreach, ...(isLimited ? [others] : [])]
}

const rungText = (rung: Ladder['rungs'][number]): string =>
  'to' in rung && typeof rung.to === 'string' ? `${rung.kind} ${rung.to}` : rung.kind.replace('_', ' ')
