/**
 * Words that say nothing about a text: half of all English words written.
 *
 * They are indexed in subjects only, where "IT" and "with" may be names, and asked for only by a query that has nothing else.
 * "may" is not among them: it is a month.
 */
const words = `a an and are as at be been being but by can could did do does doing for from had has have having he her here hers
  him his how i if in into is it its itself just me more most my no nor not of off on once only or other our ours out over own
  same she should so some such than that the their theirs them then there these they this those through to too under until up
  very was we were what when where which while who whom why will with would you your yours about again against all also am any
  because before below between both down during each few further after above now must shall us upon within without
  s t d ll m re ve don doesn didn isn aren wasn weren hasn haven hadn won wouldn couldn shouldn cannot`

export const stopWords: ReadonlySet<string> = new Set(words.split(/\s+/))
