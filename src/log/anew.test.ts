import { expect, test } from 'vitest'
import { anew } from './anew.ts'
import { GuardFailed, NotSerializable } from './errors.ts'

/** An attempt that others are quicker than so often. */
function late(times: number, error: () => Error = () => new GuardFailed('items')) {
  let tries = 0
  const attempt = async () => {
    if (tries++ < times) throw error()
    return tries
  }
  return { attempt, tries: () => tries }
}

test('whoever was too slow decides again', async () => {
  expect(await anew(late(3).attempt)).toBe(4)
})

test('it is said in the end, and at once what is not about being slow', async () => {
  const always = late(Infinity)
  await expect(anew(always.attempt)).rejects.toMatchObject({ code: 'guard_failed' })
  expect(always.tries()).toBe(20)
  const wrong = late(Infinity, () => new NotSerializable('$', 'a function'))
  await expect(anew(wrong.attempt)).rejects.toMatchObject({ code: 'not_serializable' })
  expect(wrong.tries()).toBe(1)
})
