export { approve, type Verdict } from './approve.ts'
export { ask } from './ask.ts'
export type { AnswerOptions } from './answering.ts'
export type { Asker } from './asking.ts'
export { digestOf } from './digest.ts'
export {
  ApprovalExpired,
  ApprovalMismatch,
  BadAnswer,
  BadQuestion,
  QuestionAnswered,
  QuestionClosed,
  QuestionExpired,
  QuestionNotFound,
} from './errors.ts'
export {
  answerIn,
  putIn,
  questionAnswered,
  questionAsked,
  questionExpired,
  questionOf,
  type AnswerBody,
  type QuestionPut,
} from './events.ts'
export { oversightFeature } from './feature.ts'
export { Inbox, type InboxPage, type InboxQuery } from './inbox.ts'
export { questionsProjection } from './projection.ts'
export type { GivenQuestion } from './question.ts'
export { wordingOf, type Answer, type Question, type QuestionStatus } from './reading.ts'
export { spoken } from './wording.ts'
