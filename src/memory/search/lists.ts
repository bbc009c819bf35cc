/**
 * Many short lists of 32-bit numbers in one array: the postings of a hundred thousand terms without a hundred thousand objects.
 *
 * A1. A list is in ascending order of its numbers, and has each at most once.
 * A2. What is taken out is gone: freed words are overwritten with zero, so nothing of an erased text can be read back.
 * A3. Room given up by a list that grew is used again by one that grows to the same size; when half of the array is such room, lists
 *     are moved together instead of getting a larger array.
 */
const GROWTH_FROM = 16

export class Lists {
  /** Where lists begin, and the array they are in; valid until the next change. */
  words: Uint32Array
  #starts: Uint32Array
  #lengths: Uint32Array
  #rooms: Uint32Array
  #end = 0
  #unused = 0
  readonly #free = new Map<number, number[]>()

  constructor(lists: number, words: number) {
    this.words = new Uint32Array(Math.max(words, GROWTH_FROM))
    this.#starts = new Uint32Array(Math.max(lists, GROWTH_FROM))
    this.#lengths = new Uint32Array(this.#starts.length)
    this.#rooms = new Uint32Array(this.#starts.length)
  }

  /** Lists that lie in `words` one after another; `words` is taken over. */
  static of(lengths: Uint32Array, words: Uint32Array): Lists {
    const lists = new Lists(lengths.length, 0)
    lists.words = words
    lists.#end = words.length
    lists.#lengths.set(lengths)
    lists.#rooms.set(lengths)
    let start = 0
    for (let list = 0; list < lengths.length; list++) {
      lists.#starts[list] = start
      start += lengths[list] ?? 0
    }
    return lists
  }

  startOf(list: number): number {
    return this.#starts[list] ?? 0
  }

  lengthOf(list: number): number {
    return this.#lengths[list] ?? 0
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
    this.#lengths[list] = length + 1
  }

  /** Makes an empty list of what is already in order. */
  fill(list: number, words: Uint32Array): void {
    this.#reserve(list, words.length, words.length)
    this.words.set(words, this.startOf(list))
    this.#lengths[list] = words.length
  }

  /** Takes out the number from `from` to `to` (one at most is there); false if there is none. */
  remove(list: number, from: number, to: number): boolean {
    const rank = this.#rank(list, from)
    const [start, length] = [this.startOf(list), this.lengthOf(list)]
    const found = this.words[start + rank] ?? 0
    if (rank >= length || found > to) return false
    this.words.copyWithin(start + rank, start + rank + 1, start + length)
    this.words[start + length - 1] = 0
    this.#lengths[list] = length - 1
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
    const [start, room] = [this.startOf(list), this.#rooms[list] ?? 0]
    this.words.fill(0, start, start + room)
    this.#giveBack(start, room)
    this.#starts[list] = 0
    this.#lengths[list] = 0
    this.#rooms[list] = 0
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
    if (list >= this.#starts.length) this.#moreLists(list)
    const room = this.#rooms[list] ?? 0
    if (length <= room) return
    const wanted = exactly ?? (room < GROWTH_FROM ? Math.max(room * 2, 1) : room + (room >>> 2))
    const next = Math.max(wanted, length)
    const to = this.#take(next)
    const from = this.startOf(list) // only now: #take may have moved it
    this.words.copyWithin(to, from, from + this.lengthOf(list))
    this.words.fill(0, from, from + room)
    this.#giveBack(from, room)
    this.#starts[list] = to
    this.#rooms[list] = next
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
    for (let list = 0; list < this.#starts.length; list++) {
      const [start, length] = [this.startOf(list), this.lengthOf(list)]
      words.set(this.words.subarray(start, start + length), end)
      this.#starts[list] = end
      this.#rooms[list] = length
      end += length
    }
    this.words = words
    this.#end = end
    this.#unused = 0
    this.#free.clear()
  }

  #moreLists(list: number): void {
    const length = Math.max(list + 1, this.#starts.length * 2)
    const copy = (from: Uint32Array) => {
      const to = new Uint32Array(length)
      to.set(from)
      return to
    }
    this.#starts = copy(this.#starts)
    this.#lengths = copy(this.#lengths)
    this.#rooms = copy(this.#rooms)
  }
}
