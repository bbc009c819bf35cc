import { expect, test } from 'vitest'
import { openStore } from '../app/index.ts'
import { eventOf } from '../log/index.ts'
import { reroute, type Way } from '../testing/index.ts'
import { inboxOf, messageSent } from './events.ts'
import { Mailbox } from './mailbox.ts'

/** A mailbox whose reads go a way of the test's, and what puts messages into it. */
function mailboxOver(ask: Way) {
  const store = openStore('memory:')
  const log = reroute(store, { ask })
  const send = (id: string) => {
    const event = eventOf(messageSent, { kind: 'signal', id, name: 'go', payload: id })
    return store.commit({ appends: [{ stream: inboxOf('run_a'), expected: 'any', events: [event] }] })
  }
  return { mailbox: new Mailbox(log, 'run_a'), send }
}

const ids = (mailbox: Mailbox) => mailbox.messages.map(({ id }) => id)

test('whoever asks while the inbox is read is served by one more reading, begun after they asked', async () => {
  let asked = 0
  const held: (() => void)[] = []
  const { mailbox, send } = mailboxOver(async (read) => {
    asked++
    const answer = await read()
    await new Promise<void>((resolve) => held.push(resolve))
    return answer
  })
  const readings = [mailbox.refresh()]
  while (held.length === 0) await new Promise(setImmediate)
  await send('late')
  for (let i = 0; i < 3; i++) readings.push(mailbox.refresh())
  expect([mailbox.isReading, ids(mailbox)]).toEqual([true, []])
  while (mailbox.isReading) {
    held.shift()?.()
    await new Promise(setImmediate)
  }
  await Promise.all(readings)
  expect([ids(mailbox), asked]).toEqual([['late'], 3]) // rows twice, and one event
})

test('a message that is taken while the inbox is read anew does not come again; one that is given back does', async () => {
  let between = () => {}
  const { mailbox, send } = mailboxOver(async (read) => {
    const answer = await read()
    between()
    return answer
  })
  for (const id of ['a', 'b', 'c']) await send(id)
  await mailbox.refresh()
  const [a, b] = mailbox.messages
  if (!a || !b) throw new Error('They were sent.')
  mailbox.take(a)
  between = () => mailbox.take(b)
  await mailbox.returned('another')
  expect(ids(mailbox)).toEqual(['c'])
  between = () => {}
  await mailbox.returned('a')
  expect(ids(mailbox)).toEqual(['a', 'c'])
})

test('a reading that fails changes nothing, and what it was for is read by the next', async () => {
  let isFailing = false
  const { mailbox, send } = mailboxOver((read) => (isFailing ? Promise.reject(new Error('lost')) : read()))
  await send('a')
  await mailbox.refresh()
  const [a] = mailbox.messages
  if (!a) throw new Error('It was sent.')
  mailbox.take(a)
  isFailing = true
  await expect(mailbox.returned('a')).rejects.toThrow('lost')
  expect([ids(mailbox), mailbox.isReading]).toEqual([[], false])
  isFailing = false
  await mailbox.refresh()
  expect(ids(mailbox)).toEqual(['a'])
})
