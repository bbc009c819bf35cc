/**
 * What features have to say of a value before it is recorded: a run's output, and the result of a step.
 *
 * G1. What a gate throws is the outcome instead of the value. What it gives, the record is committed under: found otherwise by then, the
 *     gates look again.
 * G2. A step nobody says anything of costs a look at what is known here, and no question.
 */
import type { Change } from '../log/index.ts'
import { runFacts } from './facts.ts'
import type { Generation } from './generation.ts'

type Unless = NonNullable<Change['unless']>

/** For the output of the run. @throws what a gate throws */
export async function passOutput(generation: Generation, output: unknown): Promise<Change['unless']> {
  const about = { ...aboutOf(generation), output }
  const unless: Unless[number][] = []
  for (const { gate } of generation.surroundings.features)
    if (gate) unless.push(...((await generation.patiently(() => gate(about))) ?? []))
  return unless.length > 0 ? unless : undefined
}

/** For the result of a step; undefined if nothing is said of steps of that name. */
export function gatesOfStep(
  generation: Generation,
  step: string,
  result: unknown,
): (() => Promise<Change['unless']>) | undefined {
  const about = { ...aboutOf(generation), step, result }
  const gates = generation.surroundings.features.flatMap(({ stepGate }) => stepGate?.(about) ?? [])
  if (gates.length === 0) return undefined
  return async () => {
    const unless: Unless[number][] = []
    for (const gate of gates) unless.push(...((await generation.patiently(gate)) ?? []))
    return unless.length > 0 ? unless : undefined
  }
}

function aboutOf(generation: Generation) {
  const { log, clock } = generation.surroundings
  const { forks = [], input } = generation.history.started
  return { task: generation.task, input, log, run: runFacts(generation), forks, now: () => clock.now() }
}
