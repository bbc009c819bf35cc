import { expect, expectTypeOf, test } from 'vitest'
import {
  failureModes,
  isFailureMode,
  keyOfMode,
  modeOfKey,
  sentenceOf,
  type FailureMode,
  type ModeKey,
} from './index.ts'

test('every mode has a sentence of its own and one name in task({ recovery })', () => {
  expect(failureModes).toHaveLength(21)
  expect(new Set(failureModes.map(sentenceOf)).size).toBe(failureModes.length)
  for (const mode of failureModes) expect(modeOfKey[keyOfMode(mode)]).toBe(mode)
  expect(Object.keys(modeOfKey)).toContain('contextOverflow')
  expectTypeOf<'conflictingInstructions'>().toExtend<ModeKey>()
  expectTypeOf<'context_overflow'>().toExtend<FailureMode>()
})

test('names that every object has are no modes', () => {
  expect(isFailureMode('refusal')).toBe(true)
  for (const name of ['toString', '__proto__', 'contextOverflow', '', undefined, 3])
    expect(isFailureMode(name)).toBe(false)
})
