/**
 * English words to their stems: "decided", "decides" and "deciding" are one term.
 *
 * The algorithm is M. F. Porter's ("An algorithm for suffix stripping", Program 14(3), 1980). Only words of a–z of three letters and
 * more are touched: a stem has to be the same for document and query, not a word, and other scripts have endings of their own, which
 * the expansion over the vocabulary meets (similar.ts).
 */
const consonants = '(?:[^aeiouy]|(?<=[aeiou])y|^y)(?:[^aeiouy]|(?<=[aeiou])y)*'
const vowels = '(?:[aeiou]|(?<=[^aeiou])y)+'
const measureAbove0 = new RegExp(`^(?:${consonants})?${vowels}${consonants}`)
const measureAbove1 = new RegExp(`^(?:${consonants})?(?:${vowels}${consonants}){2}`)
const measureIs1 = new RegExp(`^(?:${consonants})?${vowels}${consonants}(?:${vowels})?$`)
const hasVowel = /[aeiou]|[^aeiou]y/
const endsDouble = /([^aeiouylsz])\1$/
const endsShort = /(?:^|[^aeiou])[aeiouy][^aeiouwxy]$/

const step2 =
  pairs(`ational ate,tional tion,enci ence,anci ance,izer ize,abli able,alli al,entli ent,eli e,ousli ous,
  ization ize,ation ate,ator ate,alism al,iveness ive,fulness ful,ousness ous,aliti al,iviti ive,biliti ble,logi log`)
const step3 = pairs('icate ic,ative ,alize al,iciti ic,ical ic,ful ,ness ')
const step4 = pairs(
  `al ,ance ,ence ,er ,ic ,able ,ible ,ant ,ement ,ment ,ent ,ion ,ou ,ism ,ate ,iti ,ous ,ive ,ize `,
)

/** The stem of a lower-case word; any other text comes back as it is. */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word
  let w = withoutPlural(word)
  w = withoutPast(w)
  if (w.endsWith('y') && hasVowel.test(w.slice(0, -1))) w = `${w.slice(0, -1)}i`
  w = replaced(w, step2, measureAbove0)
  w = replaced(w, step3, measureAbove0)
  w = replaced(w, step4, measureAbove1)
  if (w.endsWith('e')) {
    const rest = w.slice(0, -1)
    if (measureAbove1.test(rest) || (measureIs1.test(rest) && !endsShort.test(rest))) w = rest
  }
  return w.endsWith('ll') && measureAbove1.test(w.slice(0, -1)) ? w.slice(0, -1) : w
}

function withoutPlural(w: string): string {
  if (w.endsWith('sses') || w.endsWith('ies')) return w.slice(0, -2)
  return w.endsWith('s') && !w.endsWith('ss') ? w.slice(0, -1) : w
}

function withoutPast(w: string): string {
  if (w.endsWith('eed')) return measureAbove0.test(w.slice(0, -3)) ? w.slice(0, -1) : w
  const cut = w.endsWith('ed') ? 2 : w.endsWith('ing') ? 3 : 0
  const rest = w.slice(0, w.length - cut)
  if (cut === 0 || !hasVowel.test(rest)) return w
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`
  if (endsDouble.test(rest)) return rest.slice(0, -1)
  return measureIs1.test(rest) && endsShort.test(rest) ? `${rest}e` : rest
}

/** The longest ending decides; whether it goes depends on what would be left. */
function replaced(w: string, endings: readonly (readonly [string, string])[], enough: RegExp): string {
  for (const [ending, by] of endings) {
    if (!w.endsWith(ending)) continue
    const rest = w.slice(0, w.length - ending.length)
    const mayGo = enough.test(rest) && (ending !== 'ion' || /[st]$/.test(rest))
    return mayGo ? rest + by : w
  }
  return w
}

/** Longest first. */
function pairs(list: string): readonly (readonly [string, string])[] {
  return list
    .split(',')
    .map((pair) => {
      const [ending = '', by = ''] = pair.trim().split(' ')
      return [ending, by] as const
    })
    .toSorted(([a], [b]) => b.length - a.length)
}
