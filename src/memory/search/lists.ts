/**
 * Many short lists of 32-bit numbers in one array: the postings of a hundred thousand terms without a hundred thousand objects.
 *
 * A1. A list is in ascending order of its numbers, and has each at most once.
 * A2. What is taken out is gone: freed words are overwritten with zero, so nothing of an erased text can be read back.
 * A3. Room given up by a list that grew is used again by one that grows to the same size; when half of the array is such room, lists
 *     are moved together instead of getting a larger array.
 */
const GROWTH_FROM = 16
const [WIDTH, LENGTH, ROOM] = [4, 1, 2]

export class Lists {
  /** Where lists begin, and the array they are in; valid until the next change. */
  words: Uint32Array
  /** Of each list four numbers, beside each other in the processor's cache: its start, its length, its room, and none. */
  #of: Uint32Array
  #end = 0
  #unused = 0
  readonly #free = new Map<number, number[]>()

  constructor(lists: number, words: number) {
    this.words = new Uint32Array(Math.max(words, GROWTH_FROM))
    this.#of = new Uint32Array(Math.max(lists, GROWTH_FROM) * WIDTH)
  }

  /** Lists that lie in `words` one after another; `words` is taken over. */
  static of(lengths: Uint32Array, words: Uint32Array): Lists {
    const lists = new Lists(lengths.length, 0)
    lists.words = words
    lists.#end = words.length
    let start = 0
    for (let list = 0; list < lengths.length; list++) {
      const length = lengths[list] ?? 0
      lists.#place(list, start, length, length)
      start += length
    }
    return lists
  }

  startOf(list: number): number {
    return this.#of[list * WIDTH] ?? 0
  }

  lengthOf(list: number): number {
    return this.#of[list * WIDTH + LENGTH] ?? 0
  }

  /** A list as it is now; valid until the next change. */
  of(list: number): Uint32Array {
    return this.words.subarray(this.startOf(list), this.startOf(list) + this.lengthOf(list))
  }

  /** Puts `word` where it belongs; at the end, as a rule. */
  add(list: number, word: number): void {
    const length = this.lengthOf(list)
    this.#reserve(list, length + 1)
    const start = this.startOf(list)
    const last = this.words[start + length - 1] ?? 0
    let at = start + length
    if (length > 0 && last > word) {
      at = start + this.#rank(list, word)
      this.words.copyWithin(at + 1, at, start + length)
    }
    this.words[at] = word
    this.#of[list * WIDTH + LENGTH] = length + 1
  }

  /** Makes an empty list of what is already in order. */
  fill(list: number, words: Uint32Array): void {
    this.#reserve(list, words.length, words.length)
    this.words.set(words, this.startOf(list))
    this.#of[list * WIDTH + LENGTH] = words.length
  }

  /** Takes out the number from `from` to `to` (one at most is there); false if there is none. */
  remove(list: number, from: number, to: number): boolean {
    const rank = this.#rank(list, from)
    const [start, length] = [this.startOf(list), this.lengthOf(list)]
    const found = this.words[start + rank] ?? 0
    if (rank >= length || found > to) return false
    this.words.copyWithin(start + rank, start + rank + 1, start + length)
    this.words[start + length - 1] = 0
    this.#of[list * WIDTH + LENGTH] = length - 1
    if (length === 1) this.clear(list)
    return true
  }

  /** The first number from `from` to `to`, both included. */
  find(list: number, from: number, to: number): number | undefined {
    const rank = this.#rank(list, from)
    const found = this.words[this.startOf(list) + rank] ?? 0
    return rank < this.lengthOf(list) && found <= to ? found : undefined
  }

  clear(list: number): void {
    const [start, room] = [this.startOf(list), this.#of[list * WIDTH + ROOM] ?? 0]
    this.words.fill(0, start, start + room)
    this.#giveBack(start, room)
    this.#of[list * WIDTH] = 0
    this.#of[list * WIDTH + LENGTH] = 0
    this.#of[list * WIDTH + ROOM] = 0
  }

  /** How many numbers of the list are below `word`. */
  #rank(list: number, word: number): number {
    const start = this.startOf(list)
    let low = 0
    let high = this.lengthOf(list)
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.words[start + middle] ?? 0) < word) low = middle + 1
      else high = middle
    }
    return low
  }

  #reserve(list: number, length: number, exactly?: number): void {
    if (list >= this.#of.length / WIDTH) this.#moreLists(list)
    const room = this.#of[list * WIDTH + ROOM] ?? 0
    if (length <= room) return
    const wanted = exactly ?? (room < GROWTH_FROM ? Math.max(room * 2, 1) : room + (room >>> 2))
    const next = Math.max(wanted, length)
    const to = this.#take(next)
    const from = this.startOf(list) // only now: #take may have moved it
    this.words.copyWithin(to, from, from + this.lengthOf(list))
    this.words.fill(0, from, from + room)
    this.#giveBack(from, room)
    this.#of[list * WIDTH] = to
    this.#of[list * WIDTH + ROOM] = next
  }

  #take(room: number): number {
    const used = this.#free.get(room)?.pop()
    if (used !== undefined) {
      this.#unused -= room
      return used
    }
    if (this.#end + room > this.words.length) {
      const needed = this.#end - this.#unused + room
      if (this.#unused * 2 > this.#end) this.#moveTogether(needed + (needed >>> 1))
      else
        this.#moveTo(
          new Uint32Array(Math.max(this.#end + room, this.words.length + (this.words.length >>> 1))),
        )
    }
    const start = this.#end
    this.#end += room
    return start
  }

  #giveBack(start: number, room: number): void {
    if (room === 0) return
    this.#unused += room
    const free = this.#free.get(room)
    if (free) free.push(start)
    else this.#free.set(room, [start])
  }

  #moveTo(words: Uint32Array): void {
    words.set(this.words)
    this.words = words
  }

  #moveTogether(room: number): void {
    const words = new Uint32Array(room)
    let end = 0
    for (let list = 0; list < this.#of.length / WIDTH; list++) {
      const [start, length] = [this.startOf(list), this.lengthOf(list)]
      words.set(this.words.subarray(start, start + length), end)
      this.#of[list * WIDTH] = end
      this.#of[list * WIDTH + ROOM] = length
      end += length
    }
    this.words = words
    this.#end = end
    this.#unused = 0
    this.#free.clear()
  }

  #place(list: number, start: number, length: number, room: number): void {
    const at = list * WIDTH
    this.#of[at] = start
    this.#of[at + LENGTH] = length
    this.#of[at + ROOM] = room
  }

  #moreLists(list: number): void {
    const more = new Uint32Array(Math.max((list + 1) * WIDTH, this.#of.length * 2))
    more.set(this.#of)
    this.#of = more
  }
}
