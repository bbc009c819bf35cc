/** Text as language has it, by length and by how often its words come, from a seed. */
import type { Random } from '../random.ts'

const [heads, vowels, tails] = ['b br c d f g gr h j k l m n p pl r s st t v'.split(' '), 'aeiou', 'lmnrstx']

/** Pronounceable words, the frequent ones short: the same for the same number. */
function wordOf(rank: number): string {
  let word = ''
  let left = rank + 10
  while (left > 0) {
    word += `${heads[left % heads.length]}${vowels[Math.floor(left / 7) % vowels.length]}`
    left = Math.floor(left / heads.length)
  }
  return (
    word +
    tails[(rank * 31) % tails.length] +
    (rank % 3 === 0 ? (vowels[(rank * 17) % vowels.length] ?? '') : '')
  )
}

/** Some 60,000, the commonest first. */
export const generatedWords = [...new Set(Array.from({ length: 65_000 }, (_, rank) => wordOf(rank)))]

/** The thirty commonest words of a language are its stop words, which are not indexed: the law begins behind them. */
const BEHIND = 30

/** Draws words by Zipf's law from a vocabulary whose commonest words come first. */
export function zipf(vocabulary: readonly string[]): (random: Random, count: number) => string {
  return (random, count) => {
    const words: (string | undefined)[] = []
    for (let i = 0; i < count; i++) {
      const rank = Math.floor(BEHIND * ((vocabulary.length + BEHIND) / BEHIND) ** random.next()) - BEHIND
      words.push(vocabulary[rank])
    }
    return words.join(' ')
  }
}
