/** One run of steps that are not plain: 10 KiB results, and effects done once (an intent is written before each). */
import { measure } from '../measure.ts'
import { throughline } from '../subjects/throughline.ts'
import type { Shape } from '../measure.ts'
import type { Figure, OwnOptions } from './figure.ts'

export async function kinds({ quick, tell }: OwnOptions): Promise<Figure[]> {
  const shape: Shape = {
    steps: 1000,
    bytes: 200,
    fleetRuns: 10,
    fleetSteps: 10,
    rounds: quick ? 2 : 5,
    seconds: quick ? 3 : 20,
    warmUpSeconds: 1,
  }
  const large = await measure(throughline('10 KiB steps'), { ...shape, bytes: 10_240 }, tell)
  const once = await measure(throughline('once steps', { effect: 'once' }), shape, tell)
  return [
    { name: 'one run, 10 KiB steps', value: large.sequential.perSecond, unit: 'steps/s' },
    { name: 'one run, steps with effect: once', value: once.sequential.perSecond, unit: 'steps/s' },
  ]
}
