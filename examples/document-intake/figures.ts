/** What a run asked of models and tools, read off its record. */
import type { RunHandle } from 'throughline'
import { z } from 'zod'

/** Of what a record says of a call, what is added up here. */
const Answered = z.object({
  usage: z.object({ input: z.number().optional(), output: z.number().optional() }).optional(),
  costUsd: z.number().optional(),
})

export interface Figures {
  readonly modelCalls: number
  readonly toolCalls: number
  readonly input: number
  readonly output: number
  /** Of the calls whose price is known. */
  readonly costUsd: number
  readonly unpriced: number
}

export async function figuresOf(run: Pick<RunHandle, 'history'>): Promise<Figures> {
  const sum = { modelCalls: 0, toolCalls: 0, input: 0, output: 0, costUsd: 0, unpriced: 0 }
  for await (const { kind, body } of run.history()) {
    if (kind === 'tool.returned' || kind === 'tool.failed') sum.toolCalls++
    // An answer that was refused was paid for as well.
    if (kind !== 'model.answered' && kind !== 'model.failed' && kind !== 'model.attempted') continue
    const { usage, costUsd } = Answered.parse(JSON.parse(body ?? '{}'))
    sum.modelCalls++
    sum.input += usage?.input ?? 0
    sum.output += usage?.output ?? 0
    sum.costUsd += costUsd ?? 0
    if (costUsd === undefined) sum.unpriced++
  }
  return sum
}
