/** What can be wrong with a question, or with what is answered to one. */
import { ThroughlineError } from '../errors.ts'

/** A question, or a request for approval, that cannot be put to anybody as it is. */
export class BadQuestion extends ThroughlineError {
  constructor(field: string, message: string) {
    super('bad_question', { message: `${field}: ${message}`, data: { field } })
  }
}

/** An answer that cannot be recorded as it is. */
export class BadAnswer extends ThroughlineError {
  constructor(question: string, field: string, message: string) {
    super('bad_answer', {
      message: `The answer to ${question} was not recorded. ${field}: ${message}`,
      data: { question, field },
    })
  }
}

/** Nobody answered in time. */
export class QuestionExpired extends ThroughlineError {
  constructor(runId: string, question: string, asks: string, to: string | undefined) {
    super('question_expired', {
      message: `Nobody${to === undefined ? '' : ` (it was put to ${to})`} answered "${asks}" of ${runId} in time. Catch QuestionExpired to go on without an answer.`,
      data: { run: runId, question, ...(to === undefined ? {} : { to }) },
    })
  }
}

/** Nobody decided in time: that is no approval, and nobody's rejection either. */
export class ApprovalExpired extends ThroughlineError {
  constructor(runId: string, question: string, name: string, to: string | undefined) {
    super('approval_expired', {
      message: `Nobody${to === undefined ? '' : ` (it was put to ${to})`} approved "${name}" of ${runId} in time, so it is not approved. Catch ApprovalExpired to go on without it, or ask somebody else.`,
      data: { run: runId, question, ...(to === undefined ? {} : { to }) },
    })
  }
}

/** There is no question of that id. */
export class QuestionNotFound extends ThroughlineError {
  constructor(question: string) {
    super('question_not_found', {
      message: `There is no question "${question}" in this store. List them with throughline inbox list, or tl.inbox.list().`,
      data: { question },
    })
  }
}

/** Somebody has answered it: one answer counts. */
export class QuestionAnswered extends ThroughlineError {
  constructor(question: string, by: string, at: Date) {
    super('question_answered', {
      message: `${question} was answered by ${by} at ${at.toISOString()}; that answer counts, this one was not recorded.`,
      data: { question, by, at: at.toISOString() },
    })
  }
}

/** It is not asked any more. */
export class QuestionClosed extends ThroughlineError {
  constructor(question: string, run: string, because: string) {
    super('question_closed', {
      message: `${question} cannot be answered any more: ${because}. Nothing was recorded. Look at its run: throughline show ${run}.`,
      data: { question, run, because },
    })
  }
}

/** What was approved is not what is proposed. */
export class ApprovalMismatch extends ThroughlineError {
  constructor(question: string, given: string, digest: string) {
    super('approval_mismatch', {
      message: `The answer to ${question} is about another proposal: it names the digest ${given}, the one that is asked about has ${digest}. Look at what is proposed now (throughline inbox show ${question}) and decide about that.`,
      data: { question, given, digest },
    })
  }
}
