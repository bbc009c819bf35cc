import { describe, expect, test } from 'vitest'
import { Words } from './words.ts'

function termsOf(text: string): readonly string[] {
  const terms: string[] = []
  new Words().each(text, ({ term }) => terms.push(term))
  return terms
}

describe('words', () => {
  test('Latin words are cut at what is no letter, lowered and stemmed', () => {
    expect(termsOf('Payments, DECIDED: v2.1')).toEqual(['payment', 'decid', 'v2', '1'])
  })

  test('accents of Latin letters are dropped, marks of other scripts are kept', () => {
    expect(termsOf('Café')).toEqual(termsOf('cafe'))
    expect(termsOf('Cafe\u0301')).toEqual(termsOf('café'))
    expect(termsOf('йод')).not.toEqual(termsOf('иод'))
  })

  test('scripts without spaces, and Korean, become pairs of neighbouring characters', () => {
    expect(termsOf('東京都')).toEqual(['東京', '京都'])
    expect(termsOf('カタカナ')).toEqual(['カタ', 'タカ', 'カナ'])
    expect(termsOf('결정을')).toEqual(['결정', '정을'])
    expect(termsOf('ราคา')).toEqual(['รา', 'าค', 'คา'])
    expect(termsOf('税')).toEqual(['税'])
  })

  test('Latin words within a text without spaces are words', () => {
    expect(termsOf('APIの設計')).toEqual(['api', 'の設', '設計'])
  })

  test('full-width forms are the plain ones', () => {
    expect(termsOf('ＡＰＩ２')).toEqual(['api2'])
  })

  test('names written together are found by their parts too', () => {
    expect(termsOf('parseHTTPBody.taskGroup')).toEqual(
      expect.arrayContaining(['pars', 'http', 'bodi', 'task', 'group', 'taskgroup']),
    )
  })

  test('an ISO date is the day, the month and the year', () => {
    expect(termsOf('due 2024-03-05.')).toEqual(['2024', 'march', '2024-03', '2024-03-05', 'due'])
    expect(termsOf('order 2024-77')).toEqual(['order', '2024', '77'])
  })

  test('right-to-left words and emoji are words', () => {
    expect(termsOf('החלטה קרה 🚀🚀')).toEqual(['החלטה', 'קרה', '🚀', '🚀'])
    expect(termsOf('قرار جديد')).toEqual(['قرار', 'جديد'])
  })

  test('half a character is no letter', () => {
    expect(termsOf('a\ud800b \udc00')).toEqual(['a', 'b'])
  })

  test('stop words say that they are', () => {
    const stops: string[] = []
    new Words().each('the vendor is with us', ({ word, isStop }) => isStop && stops.push(word))
    expect(stops).toEqual(['the', 'is', 'with', 'us'])
  })
})
