/** Kinds of event of features, for those who read a record. */
import { boundaryBreached } from '../boundary/index.ts'
import {
  modelAnswered,
  modelAsked,
  modelAttempted,
  modelFailed,
  toolAttempted,
  toolCalled,
  toolFailed,
  toolReturned,
} from '../model/index.ts'
import { recoveryMet, recoveryOver, recoveryRung, recoverySkipped } from '../recovery/index.ts'

export const modelEvents = {
  modelAnswered,
  modelAsked,
  modelAttempted,
  modelFailed,
  toolAttempted,
  toolCalled,
  toolFailed,
  toolReturned,
}

export const recoveryEvents = { boundaryBreached, recoveryMet, recoveryOver, recoveryRung, recoverySkipped }
