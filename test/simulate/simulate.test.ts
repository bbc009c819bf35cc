import { expect, test } from 'vitest'
import { Generator } from './fleet/generate.ts'
import { sfc32 } from '../random.ts'
import { Trials } from './fleet/trial.ts'

test('forty fleets come to what their programs say', async () => {
  const trials = new Trials()
  for (let seed = 1; seed <= 40; seed++)
    expect({ seed, wrong: (await trials.tryOut(seed)).violations }).toEqual({ seed, wrong: [] })
  await trials.close()
})

test.each([
  [1, 'leases'],
  [3, 'leases'],
  [3, 'restate'],
] as const)(
  'a seed gives the same program and the same events every time, with %d at work by %s',
  async (workers, dispatch) => {
    const trials = new Trials()
    const tell = async () => {
      const { trace } = await trials.tryOut(7, { workers, dispatch, hasTrace: true })
      // Stacks, and who claimed a run, are the machine's.
      return trace.map((line) => line.replace(/"stack":.*|"by":.*/, '').replace(/,?"ms":\d+/, ''))
    }
    expect(await tell()).toEqual(await tell())
    expect(new Generator(sfc32(7, 1)).program()).toEqual(new Generator(sfc32(7, 1)).program())
    await trials.close()
  },
)
