/** The kinds of event of model and tool calls, for those who read a record. */
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
